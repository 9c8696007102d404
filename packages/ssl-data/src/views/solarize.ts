import { checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-core';
import { solarizeAbove } from '../image/adjust-color.js';
import { checkRange, type DescribedView, describedView } from './view.js';

export interface SolarizeOptions {
  /** Values at or above it are inverted, 0..256. Default 128. */
  readonly threshold?: number;
  /** Probability. Default 1. */
  readonly p?: number;
}

const solarizeOptionNames: OptionNames<SolarizeOptions> = {
  threshold: 'optionalNumber',
  p: 'optionalNumber',
};

/** Inverts bright values with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError. Source: BYOL, arXiv 2006.07733, appendix B. */
export function solarize(options: SolarizeOptions = {}): DescribedView<boolean> {
  checkOptions('solarize', options, solarizeOptionNames);
  const { threshold = 128, p = 1 } = options;
  checkShare('solarize', { p });
  checkRange('solarize', 'threshold', [threshold, threshold], 0, 256);
  return describedView('solarize', options, {
    draw: (_height, _width, random) => random.bernoulli(p),
    apply: (image, solarized) => (solarized ? solarizeAbove(image, threshold) : image),
  });
}
