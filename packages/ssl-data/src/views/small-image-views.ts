import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { compose } from './compose.js';
import { gaussianBlur } from './gaussian-blur.js';
import { twoViews } from './multi-views.js';
import { randomAffine } from './random-affine.js';
import { randomApply } from './random-apply.js';
import { randomResizedCrop } from './random-resized-crop.js';
import type { DescribedView } from './view.js';

export interface SmallImageViewsOptions {
  /** Output side, pixels. */
  readonly size?: number;
  /** Least part of the area that a crop keeps. */
  readonly minScale?: number;
  /** Largest rotation either way, degrees. */
  readonly degrees?: number;
  /** Probability of a blur (kernel 3, sigma 0.1 to 1). */
  readonly blurProbability?: number;
}

const smallImageViewsOptionNames: OptionNames<SmallImageViewsOptions> = {
  size: 'optionalNumber',
  minScale: 'optionalNumber',
  degrees: 'optionalNumber',
  blurProbability: 'optionalNumber',
};

/** Defaults of {@link smallImageViews}, chosen for handwritten digits. */
export const smallImageViewsDefaults = { size: 28, minScale: 0.35, degrees: 10, blurProbability: 0.5 } as const;

/**
 * Two views of small images that keep orientation and colour: random resized crop, rotation (nearest neighbour, filled
 * with 0), blur. No flips: they would turn a digit into another sign.
 *
 * @returns two views `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError
 */
export function smallImageViews(options: SmallImageViewsOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, minScale, degrees, blurProbability } = {
    ...smallImageViewsDefaults,
    ...checkOptions('smallImageViews', options, smallImageViewsOptionNames),
  };
  return twoViews(
    compose(
      randomResizedCrop({ size, scale: [minScale, 1] }),
      randomAffine({ degrees }),
      randomApply(gaussianBlur({ kernelSize: 3, sigma: [0.1, 1] }), blurProbability),
    ),
  );
}
