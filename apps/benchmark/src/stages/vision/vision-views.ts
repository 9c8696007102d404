import { compose, gaussianBlur, horizontalFlip, randomAffine, randomApply, randomResizedCrop } from '@selfsup/ssl-data';
import type { View } from '@selfsup/ssl-data';
import type { VisionRecipe } from '../../recipes/vision-schema.js';

/** The random view of a recipe: crop, flip, rotation, blur (kernel 3, sigma 0.1 to 1). */
export function randomView({ crop, rotation, blur, flip }: VisionRecipe['views'], size: number): View {
  return compose(
    randomResizedCrop({ size, scale: crop }),
    ...(flip > 0 ? [horizontalFlip({ p: flip })] : []),
    ...(rotation > 0 ? [randomAffine({ degrees: rotation })] : []),
    ...(blur > 0 ? [randomApply(gaussianBlur({ kernelSize: 3, sigma: [0.1, 1] }), blur)] : []),
  );
}
