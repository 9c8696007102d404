import { checkOptions } from '@selfsup/ssl-core';
import { invert } from '../image/invert.js';
import { sometimes, sometimesOptionNames, type SometimesOptions } from './sometimes.js';
import type { DescribedView } from './view.js';

/** Negative with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError. Source: torchvision's `RandomInvert`. */
export function randomInvert(options: SometimesOptions = {}): DescribedView<boolean> {
  checkOptions('randomInvert', options, sometimesOptionNames);
  return sometimes('randomInvert', options, invert);
}
