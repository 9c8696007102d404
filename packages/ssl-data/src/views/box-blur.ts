import { checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-core';
import { boxGaussianBlur } from '../image/box-gaussian-blur.js';
import { checkRange, type DescribedView, describedView, type Range } from './view.js';

export interface BoxBlurOptions {
  /** Standard deviation, pixels, drawn uniformly. Default `[0.1, 2]`. */
  readonly sigma?: Range;
  /** Probability. Default 0.5. */
  readonly p?: number;
}

const boxBlurOptionNames: OptionNames<BoxBlurOptions> = {
  sigma: 'optional',
  p: 'optionalNumber',
};

/**
 * Gaussian blur of random strength with probability `p`, by box filters.
 *
 * @returns a view `[h, w, c] -> [h, w, c]`
 * @throws InvalidOptionError
 * Source: the `GaussianBlur` of MoCo's, Barlow Twins' and DINO's code, which is Pillow's `ImageFilter.GaussianBlur`.
 */
export function boxBlur(options: BoxBlurOptions = {}): DescribedView<number> {
  checkOptions('boxBlur', options, boxBlurOptionNames);
  const { sigma = [0.1, 2], p = 0.5 } = options;
  checkRange('boxBlur', 'sigma', sigma, 0, 1000);
  checkShare('boxBlur', { p });
  return describedView('boxBlur', options, {
    draw: (_height, _width, random) => (random.bernoulli(p) ? random.uniform(sigma[0], sigma[1]) : 0),
    apply: boxGaussianBlur,
  });
}
