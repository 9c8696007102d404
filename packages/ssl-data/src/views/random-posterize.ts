import { checkInteger, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { posterize } from '../image/posterize.js';
import { sometimes, sometimesOptionNames, type SometimesOptions } from './sometimes.js';
import type { DescribedView } from './view.js';

export interface RandomPosterizeOptions extends SometimesOptions {
  /** Upper bits that stay, 0..8. */
  readonly bits: number;
}

const randomPosterizeOptionNames: OptionNames<RandomPosterizeOptions> = {
  ...sometimesOptionNames,
  bits: 'requiredNumber',
};

/** Keeps the upper bits of every value with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError. Source: torchvision's `RandomPosterize`. */
export function randomPosterize(options: RandomPosterizeOptions): DescribedView<boolean> {
  checkOptions('randomPosterize', options, randomPosterizeOptionNames);
  const { bits } = options;
  checkInteger('randomPosterize', 'bits', bits, 0, 8);
  return sometimes('randomPosterize', options, (image) => posterize(image, bits));
}
