import { checkOptions } from '@selfsup/ssl-core';
import { equalize } from '../image/equalize.js';
import { sometimes, sometimesOptionNames, type SometimesOptions } from './sometimes.js';
import type { DescribedView } from './view.js';

/** Makes all values of a channel about equally frequent with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError. Source: torchvision's `RandomEqualize`. */
export function randomEqualize(options: SometimesOptions = {}): DescribedView<boolean> {
  checkOptions('randomEqualize', options, sometimesOptionNames);
  return sometimes('randomEqualize', options, equalize);
}
