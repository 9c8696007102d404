import { checkCount, checkOptions, checkShare, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { augment } from '../image/augment.js';
import { rotateOptionNames, type RotateOptions } from '../image/rotate.js';
import { type DrawnOperation, drawOperation, randAugmentSpace } from './augmentation-space.js';
import { type DescribedView, describedView } from './view.js';

export interface RandAugmentOptions extends RotateOptions {
  /** Operations per image. */
  readonly operations?: number;
  /** Bin of all magnitudes, `0 .. bins - 1`, or `random` for a new one per operation. */
  readonly magnitude?: number | 'random';
  /** Steps of the magnitudes from nothing to the greatest. */
  readonly bins?: number;
  /** Probability of each operation once it is drawn. */
  readonly p?: number;
}

const randAugmentOptionNames: OptionNames<RandAugmentOptions> = {
  ...rotateOptionNames,
  operations: 'optionalNumber',
  magnitude: 'optional',
  bins: 'optionalNumber',
  p: 'optionalNumber',
};

/** Defaults of {@link randAugment}: two operations of magnitude 9 of 30, torchvision's (arXiv 1909.13719 has 2 and 9 for ResNet-50 on ImageNet). */
export const randAugmentDefaults = { operations: 2, magnitude: 9, bins: 31, p: 1 } as const;

/**
 * Some operations out of fourteen, drawn with replacement, all of one magnitude.
 *
 * @returns a view `[h, w, 1 or 3] -> the same shape`
 * @throws InvalidOptionError
 * Source: Cubuk et al. 2019, arXiv 1909.13719; torchvision's `RandAugment` on PIL images. A random magnitude is FixMatch's
 * variant (arXiv 2001.07685, section 2.3).
 */
export function randAugment(options: RandAugmentOptions = {}): DescribedView<readonly DrawnOperation[]> {
  const { operations, magnitude, bins, p, ...outside } = {
    ...randAugmentDefaults,
    ...checkOptions('randAugment', options, randAugmentOptionNames),
  };
  checkCount('randAugment', { operations });
  checkCount('randAugment', { bins }, 2);
  if (magnitude !== 'random' && !(Number.isInteger(magnitude) && magnitude >= 0 && magnitude < bins))
    throw new InvalidOptionError('randAugment', 'magnitude', `an integer below ${bins}, or random`, magnitude);
  checkShare('randAugment', { p });
  return describedView<readonly DrawnOperation[]>('randAugment', options, {
    draw: (height, width, random) =>
      Array.from({ length: operations }, () => {
        const drawn = drawOperation(randAugmentSpace, magnitude, bins, height, width, random);
        return p === 1 || random.bernoulli(p) ? drawn : { operation: 'Identity', magnitude: 0 };
      }),
    apply: (image, drawn) =>
      drawn.reduce((result, { operation, magnitude: size }) => augment(result, operation, size, outside), image),
  });
}
