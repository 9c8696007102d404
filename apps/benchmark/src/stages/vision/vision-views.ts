import {
  colorJitter,
  compose,
  gaussianBlur,
  horizontalFlip,
  randomAffine,
  randomApply,
  randomGrayscale,
  randomResizedCrop,
} from '@selfsup/ssl-data';
import type { View } from '@selfsup/ssl-data';
import type { VisionRecipe } from '../../recipes/vision-schema.js';

/** The random view of a recipe: crop, flip, colours, rotation, blur (kernel 3, sigma 0.1 to 1). */
export function randomView({ crop, rotation, blur, flip, jitter, grey }: VisionRecipe['views'], size: number): View {
  const strength = { brightness: jitter, contrast: jitter, saturation: jitter, hue: jitter / 4 };
  return compose(
    randomResizedCrop({ size, scale: crop }),
    ...(flip > 0 ? [horizontalFlip({ p: flip })] : []),
    ...(jitter > 0 ? [randomApply(colorJitter(strength), 0.8)] : []),
    ...(grey > 0 ? [randomGrayscale({ p: grey })] : []),
    ...(rotation > 0 ? [randomAffine({ degrees: rotation })] : []),
    ...(blur > 0 ? [randomApply(gaussianBlur({ kernelSize: 3, sigma: [0.1, 1] }), blur)] : []),
  );
}
