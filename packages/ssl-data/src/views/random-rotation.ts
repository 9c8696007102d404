import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { rotate, rotateOptionNames, type RotateOptions } from '../image/rotate.js';
import { checkRange, type DescribedView, describedView, type Range } from './view.js';

export interface RandomRotationOptions extends RotateOptions {
  /** Counter-clockwise, degrees: a range, or `d` for `[-d, d]`. */
  readonly degrees: number | Range;
}

const randomRotationOptionNames: OptionNames<RandomRotationOptions> = {
  ...rotateOptionNames,
  degrees: 'required',
};

/**
 * Rotation about the centre by a random angle; the size stays.
 *
 * @returns a view `[h, w, c] -> [h, w, c]`
 * @throws InvalidOptionError
 * Source: torchvision's `RandomRotation` on PIL images.
 */
export function randomRotation(options: RandomRotationOptions): DescribedView<number> {
  checkOptions('randomRotation', options, randomRotationOptionNames);
  const { degrees, ...outside } = options;
  const range: Range = typeof degrees === 'number' ? [-degrees, degrees] : degrees;
  checkRange('randomRotation', 'degrees', range, -Number.MAX_VALUE, Number.MAX_VALUE);
  return describedView('randomRotation', options, {
    draw: (_height, _width, random) => random.uniform(range[0], range[1]),
    apply: (image, angle) => rotate(image, angle, outside),
  });
}
