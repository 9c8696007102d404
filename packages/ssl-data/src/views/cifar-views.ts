import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { randomCrop } from './random-crop.js';
import { simclrViews } from './simclr-views.js';
import type { DescribedView } from './view.js';

export interface CifarViewsOptions {
  /** Output side, pixels. */
  readonly size?: number;
}

const cifarViewsOptionNames: OptionNames<CifarViewsOptions> = {
  size: 'optionalNumber',
};

/** Defaults of {@link cifarViews} and {@link cifarSupervisedViews}. */
export const cifarViewsDefaults = { size: 32 } as const;

/**
 * SimCLR's two views of small colour images: half the colour strength, no blur.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`
 * @throws InvalidOptionError
 * Source: Chen et al. 2020, arXiv 2002.05709, appendix B.9.
 */
export function cifarViews(options: CifarViewsOptions = {}): readonly [DescribedView, DescribedView] {
  const { size } = { ...cifarViewsDefaults, ...checkOptions('cifarViews', options, cifarViewsOptionNames) };
  return simclrViews({ size, strength: 0.5, blurProbability: 0 });
}

/**
 * The view of supervised training on CIFAR: shift by up to four pixels, filled with 0, and flip.
 *
 * @returns one view `[size, size, c] -> [size, size, c]`
 * @throws InvalidOptionError
 * Source: He et al. 2015, arXiv 1512.03385, section 4.2.
 */
export function cifarSupervisedViews(options: CifarViewsOptions = {}): readonly [DescribedView] {
  const { size } = { ...cifarViewsDefaults, ...checkOptions('cifarSupervisedViews', options, cifarViewsOptionNames) };
  return [compose(randomCrop({ size, margin: 4 }), horizontalFlip())];
}
