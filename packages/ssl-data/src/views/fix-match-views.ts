import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { compose } from './compose.js';
import { cutout } from './cutout.js';
import { horizontalFlip } from './flip.js';
import { randAugment } from './rand-augment.js';
import { randomCrop } from './random-crop.js';
import type { DescribedView } from './view.js';

export interface FixMatchViewsOptions {
  /** Side of the images and of the views, pixels. */
  readonly size?: number;
}

const fixMatchViewsOptionNames: OptionNames<FixMatchViewsOptions> = {
  size: 'optionalNumber',
};

/** Defaults of {@link fixMatchViews}: FixMatch (arXiv 2001.07685) for CIFAR-10. */
export const fixMatchViewsDefaults = { size: 32 } as const;

/**
 * FixMatch's weak and strong view. Weak: flip, shift by up to an eighth of the side with mirrored edges. Strong: the same,
 * then two operations of RandAugment of random magnitude, each applied with probability 0.5, and a grey square of half
 * the side.
 *
 * @returns the weak view, then the strong one, `[size, size, 3] -> [size, size, 3]`
 * @throws InvalidOptionError
 * Source: Sohn et al. 2020, arXiv 2001.07685, section 2.3 and appendix D. Deviates in the operations' greatest magnitudes,
 * which are {@link randAugment}'s.
 */
export function fixMatchViews(
  options: FixMatchViewsOptions = {},
): readonly [weak: DescribedView, strong: DescribedView] {
  const { size } = { ...fixMatchViewsDefaults, ...checkOptions('fixMatchViews', options, fixMatchViewsOptionNames) };
  const weak = compose(horizontalFlip(), randomCrop({ size, margin: Math.trunc(size / 8), padding: 'reflect' }));
  const strong = compose(
    weak,
    randAugment({ operations: 2, magnitude: 'random', p: 0.5, fill: 127 }),
    cutout({ size: Math.max(1, Math.trunc(size / 2)), fill: 127 }),
  );
  return [weak, strong];
}
