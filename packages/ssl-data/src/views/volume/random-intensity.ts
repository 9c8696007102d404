import { checkOptions, checkShare, ndArray, type OptionNames } from '@selfsup/ssl-core';
import { checkRange, type Range } from '../view.js';
import { type DescribedVolumeView, type Volume, volumeView } from './volume.js';

export interface RandomIntensityOptions {
  /** A range, or `d` for `[-d, d]`. */
  readonly range: number | Range;
  /** Probability. Default 0.1. */
  readonly p?: number;
}

const randomIntensityOptionNames: OptionNames<RandomIntensityOptions> = {
  range: 'required',
  p: 'optionalNumber',
};

/**
 * Multiplies a volume by `1 + f`, `f` uniform in `range`, with probability `p`.
 *
 * @returns a view `[d, h, w, c] -> [d, h, w, c]`; its parameter is `f`
 * @throws InvalidOptionError
 * Source: MONAI's `RandScaleIntensity`.
 */
export function randomIntensityScale(options: RandomIntensityOptions): DescribedVolumeView<number> {
  checkOptions('randomIntensityScale', options, randomIntensityOptionNames);
  return changed('randomIntensityScale', options, (value, f) => value * (1 + f));
}

/**
 * Adds a number, uniform in `range`, to all voxels with probability `p`.
 *
 * @returns a view `[d, h, w, c] -> [d, h, w, c]`; its parameter is the number
 * @throws InvalidOptionError
 * Source: MONAI's `RandShiftIntensity`.
 */
export function randomIntensityShift(options: RandomIntensityOptions): DescribedVolumeView<number> {
  checkOptions('randomIntensityShift', options, randomIntensityOptionNames);
  return changed('randomIntensityShift', options, (value, shift) => value + shift);
}

function changed(
  where: string,
  options: RandomIntensityOptions,
  change: (value: number, amount: number) => number,
): DescribedVolumeView<number> {
  const { range, p = 0.1 } = options;
  const [low, high]: Range = typeof range === 'number' ? [-range, range] : range;
  checkRange(where, 'range', [low, high], -Number.MAX_VALUE, Number.MAX_VALUE);
  checkShare(where, { p });
  return volumeView(where, options, {
    draw: (_shape, random) => (random.bernoulli(p) ? random.uniform(low, high) : 0),
    apply: (volume: Volume, amount) =>
      amount === 0
        ? volume
        : ndArray(
            volume.data.map((value) => change(value, amount)),
            volume.shape,
          ),
  });
}
