import { checkOptions } from '@selfsup/ssl-core';
import { byolDistortion } from './byol-distortion.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { gaussianBlur, tenthKernel } from './gaussian-blur.js';
import { randomApply } from './random-apply.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { solarize } from './solarize.js';
import type { DescribedView } from './view.js';
import { viewPairOptionNames, type ViewPairOptions } from './view-pair-options.js';

/** Defaults of {@link byolViews}: BYOL (arXiv 2006.07733), appendix B. */
export const byolViewsDefaults = { size: 224, minScale: 0.08 } as const;

/**
 * BYOL's two views: bicubic crop, flip, colour, grey, then blur always and no solarisation for the first, blur with
 * probability 0.1 and solarisation with 0.2 for the second.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`, not alike
 * @throws InvalidOptionError
 * Source: Grill et al. 2020, arXiv 2006.07733, appendix B, table 6.
 */
export function byolViews(options: ViewPairOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, minScale } = { ...byolViewsDefaults, ...checkOptions('byolViews', options, viewPairOptionNames) };
  const view = (blurred: number, solarized: number): DescribedView =>
    compose(
      randomResizedCrop({ size, scale: [minScale, 1], interpolation: 'bicubic' }),
      horizontalFlip(),
      byolDistortion(),
      randomApply(gaussianBlur({ kernelSize: tenthKernel(size), sigma: [0.1, 2] }), blurred),
      solarize({ p: solarized }),
    );
  return [view(1, 0), view(0.1, 0.2)];
}
