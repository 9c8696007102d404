import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { adjustSharpness } from '../image/adjust-sharpness.js';
import { sometimes, sometimesOptionNames, type SometimesOptions } from './sometimes.js';
import { checkRange, type DescribedView } from './view.js';

export interface RandomSharpnessOptions extends SometimesOptions {
  /** 0 = smoothed, 1 = unchanged, above 1 = sharpened. */
  readonly factor: number;
}

const randomSharpnessOptionNames: OptionNames<RandomSharpnessOptions> = {
  ...sometimesOptionNames,
  factor: 'requiredNumber',
};

/** Smooths or sharpens with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError. Source: torchvision's `RandomAdjustSharpness`. */
export function randomSharpness(options: RandomSharpnessOptions): DescribedView<boolean> {
  checkOptions('randomSharpness', options, randomSharpnessOptionNames);
  const { factor } = options;
  checkRange('randomSharpness', 'factor', [factor, factor], 0, Number.MAX_VALUE);
  return sometimes('randomSharpness', options, (image) => adjustSharpness(image, factor));
}
