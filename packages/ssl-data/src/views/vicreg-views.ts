import { checkOptions } from '@selfsup/ssl-core';
import { boxBlur } from './box-blur.js';
import { byolDistortion } from './byol-distortion.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { twoViews } from './multi-views.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { solarize } from './solarize.js';
import type { DescribedView } from './view.js';
import { viewPairOptionNames, type ViewPairOptions } from './view-pair-options.js';

/** Defaults of {@link vicregViews}: VICReg (arXiv 2105.04906), appendix C.1. */
export const vicregViewsDefaults = { size: 224, minScale: 0.08 } as const;

/**
 * VICReg's two views: BYOL's made alike, blur with probability 0.5 and solarisation with 0.1 for both.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`
 * @throws InvalidOptionError
 * Source: Bardes et al. 2021, arXiv 2105.04906, appendix C.1; `TrainTransform` in its reference code, whose probability of
 * solarisation is an argument: 0.1 is lightly's `VICRegTransform`.
 */
export function vicregViews(options: ViewPairOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, minScale } = { ...vicregViewsDefaults, ...checkOptions('vicregViews', options, viewPairOptionNames) };
  return twoViews(
    compose(
      randomResizedCrop({ size, scale: [minScale, 1], interpolation: 'bicubic' }),
      horizontalFlip(),
      byolDistortion(),
      boxBlur({ p: 0.5 }),
      solarize({ p: 0.1 }),
    ),
  );
}
