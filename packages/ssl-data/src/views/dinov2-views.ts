import { checkOptions } from '@selfsup/ssl-core';
import { byolDistortion } from './byol-distortion.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
import { multiCrop, multiCropOptionNames, type MultiCropOptions } from './multi-crop.js';
import { randomApply } from './random-apply.js';
import { solarize } from './solarize.js';
import type { DescribedView } from './view.js';

/** Defaults of {@link dinov2Views}: DINOv2's reference code for patches of 14 pixels; those of 16 have local views of 96. */
export const dinov2ViewsDefaults = {
  size: 224,
  localSize: 98,
  localCount: 8,
  globalScale: [0.32, 1],
  localScale: [0.05, 0.32],
} as const;

/**
 * DINOv2's views: DINO's with other crops and a true Gaussian blur (kernel 9, sigma 0.1 to 2).
 *
 * @returns two global views `[h, w, 3] -> [size, size, 3]`, then the local ones of `localSize`
 * @throws InvalidOptionError
 * Source: Oquab et al. 2023, arXiv 2304.07193; `DataAugmentationDINO` in its reference code.
 */
export function dinov2Views(options: MultiCropOptions = {}): readonly DescribedView[] {
  const after = (blurred: number, solarized: number): DescribedView =>
    compose(
      horizontalFlip(),
      byolDistortion(),
      randomApply(gaussianBlur({ kernelSize: 9, sigma: [0.1, 2] }), blurred),
      solarize({ p: solarized }),
    );
  const crops = { ...dinov2ViewsDefaults, ...checkOptions('dinov2Views', options, multiCropOptionNames) };
  return multiCrop('dinov2Views', crops, 'bicubic', [after(1, 0), after(0.1, 0.2)], after(0.5, 0));
}
