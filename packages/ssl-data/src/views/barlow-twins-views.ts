import { checkOptions } from '@selfsup/ssl-core';
import { boxBlur } from './box-blur.js';
import { byolDistortion } from './byol-distortion.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { solarize } from './solarize.js';
import type { DescribedView } from './view.js';
import { viewPairOptionNames, type ViewPairOptions } from './view-pair-options.js';

/** Defaults of {@link barlowTwinsViews}: Barlow Twins (arXiv 2103.03230), section 3.1. */
export const barlowTwinsViewsDefaults = { size: 224, minScale: 0.08 } as const;

/**
 * Barlow Twins' two views: BYOL's, with Pillow's blur.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`, not alike: blur with probability 1 and 0.1, solarisation with 0 and 0.2
 * @throws InvalidOptionError
 * Source: Zbontar et al. 2021, arXiv 2103.03230, section 3.1; `Transform` in its reference code.
 */
export function barlowTwinsViews(options: ViewPairOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, minScale } = {
    ...barlowTwinsViewsDefaults,
    ...checkOptions('barlowTwinsViews', options, viewPairOptionNames),
  };
  const view = (blurred: number, solarized: number): DescribedView =>
    compose(
      randomResizedCrop({ size, scale: [minScale, 1], interpolation: 'bicubic' }),
      horizontalFlip(),
      byolDistortion(),
      boxBlur({ p: blurred }),
      solarize({ p: solarized }),
    );
  return [view(1, 0), view(0.1, 0.2)];
}
