import { checkOptions } from '@selfsup/ssl-core';
import { autocontrast } from '../image/autocontrast.js';
import { sometimes, sometimesOptionNames, type SometimesOptions } from './sometimes.js';
import type { DescribedView } from './view.js';

/** Stretches the values of each channel to the full range with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError. Source: torchvision's `RandomAutocontrast`. */
export function randomAutocontrast(options: SometimesOptions = {}): DescribedView<boolean> {
  checkOptions('randomAutocontrast', options, sometimesOptionNames);
  return sometimes('randomAutocontrast', options, autocontrast);
}
