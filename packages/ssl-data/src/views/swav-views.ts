import { checkOptions } from '@selfsup/ssl-core';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
import { multiCrop, multiCropOptionNames, type MultiCropOptions } from './multi-crop.js';
import { randomApply } from './random-apply.js';
import { randomGrayscale } from './random-grayscale.js';
import type { DescribedView } from './view.js';

/** Defaults of {@link swavViews}: SwAV (arXiv 2006.09882), 2 x 224 + 6 x 96. */
export const swavViewsDefaults = {
  size: 224,
  localSize: 96,
  localCount: 6,
  globalScale: [0.14, 1],
  localScale: [0.05, 0.14],
} as const;

/**
 * SwAV's multi-crop: two large and several small crops, all with SimCLR's colour changes (0.8, 0.8, 0.8, 0.2) and blur
 * (kernel 23, probability 0.5).
 *
 * @returns two global views `[h, w, 3] -> [size, size, 3]`, then the local ones of `localSize`
 * @throws InvalidOptionError
 * Source: Caron et al. 2020, arXiv 2006.09882, section 3.2 and appendix; `MultiCropDataset` in its reference code.
 * Deviates in that the kernel shrinks for crops of less than 24 pixels, which 23 would not fit.
 */
export function swavViews(options: MultiCropOptions = {}): readonly DescribedView[] {
  const crops = { ...swavViewsDefaults, ...checkOptions('swavViews', options, multiCropOptionNames) };
  const after = (size: number): DescribedView =>
    compose(
      horizontalFlip(),
      randomApply(colorJitter({ brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 }), 0.8),
      randomGrayscale({ p: 0.2 }),
      randomApply(gaussianBlur({ kernelSize: Math.min(23, 2 * Math.ceil(size / 2) - 1), sigma: [0.1, 2] }), 0.5),
    );
  const large = after(crops.size);
  return multiCrop('swavViews', crops, 'bilinear', [large, large], after(crops.localSize));
}
