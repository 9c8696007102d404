import { checkCount, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { augment } from '../image/augment.js';
import { rotateOptionNames, type RotateOptions } from '../image/rotate.js';
import { type DrawnOperation, drawOperation, trivialAugmentSpace } from './augmentation-space.js';
import { type DescribedView, describedView } from './view.js';

export interface TrivialAugmentWideOptions extends RotateOptions {
  /** Steps of the magnitudes from nothing to the greatest. Default 31. */
  readonly bins?: number;
}

const trivialAugmentWideOptionNames: OptionNames<TrivialAugmentWideOptions> = {
  ...rotateOptionNames,
  bins: 'optionalNumber',
};

/**
 * One operation out of fourteen, of random magnitude: nothing to tune.
 *
 * @returns a view `[h, w, 1 or 3] -> the same shape`
 * @throws InvalidOptionError
 * Source: Müller and Hutter 2021, arXiv 2103.10158, algorithm 1; torchvision's `TrivialAugmentWide` on PIL images.
 */
export function trivialAugmentWide(options: TrivialAugmentWideOptions = {}): DescribedView<DrawnOperation> {
  checkOptions('trivialAugmentWide', options, trivialAugmentWideOptionNames);
  const { bins = 31, ...outside } = options;
  checkCount('trivialAugmentWide', { bins }, 2);
  return describedView('trivialAugmentWide', options, {
    draw: (height, width, random) => drawOperation(trivialAugmentSpace, 'random', bins, height, width, random),
    apply: (image, { operation, magnitude }) => augment(image, operation, magnitude, outside),
  });
}
