import { checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-core';
import { grayscale } from '../image/adjust-color.js';
import { type DescribedView, describedView } from './view.js';

export interface RandomGrayscaleOptions {
  /** Probability. Default 0.1. */
  readonly p?: number;
}

const randomGrayscaleOptionNames: OptionNames<RandomGrayscaleOptions> = {
  p: 'optionalNumber',
};

/** Grey, with unchanged number of channels, with probability `p`. @returns a view `[h, w, 1 or 3] -> the same shape` @throws InvalidOptionError */
export function randomGrayscale(options: RandomGrayscaleOptions = {}): DescribedView<boolean> {
  checkOptions('randomGrayscale', options, randomGrayscaleOptionNames);
  const { p = 0.1 } = options;
  checkShare('randomGrayscale', { p });
  return describedView('randomGrayscale', options, {
    draw: (_height, _width, random) => random.bernoulli(p),
    apply: (image, grey) => (grey ? grayscale(image) : image),
  });
}
