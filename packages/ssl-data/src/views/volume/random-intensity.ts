import { ndArray } from 'ssl-tensor/host';
import { checkProbability, checkRange, type Range } from '../view.js';
import { type Volume, type VolumeView, volumeView } from './volume.js';

export interface RandomIntensityOptions {
  /** A range, or `d` for `[-d, d]`. */
  readonly range: number | Range;
  /** Probability. Default 0.1. */
  readonly p?: number;
}

/**
 * Multiplies a volume by `1 + f`, `f` uniform in `range`, with probability `p`.
 *
 * @returns a view `[d, h, w, c] -> [d, h, w, c]`; its parameter is `f`
 * @throws InvalidOptionError
 * Source: MONAI's `RandScaleIntensity`.
 */
export function randomIntensityScale(options: RandomIntensityOptions): VolumeView<number> {
  return changed('randomIntensityScale', options, (value, f) => value * (1 + f));
}

/**
 * Adds a number, uniform in `range`, to all voxels with probability `p`.
 *
 * @returns a view `[d, h, w, c] -> [d, h, w, c]`; its parameter is the number
 * @throws InvalidOptionError
 * Source: MONAI's `RandShiftIntensity`.
 */
export function randomIntensityShift(options: RandomIntensityOptions): VolumeView<number> {
  return changed('randomIntensityShift', options, (value, shift) => value + shift);
}

function changed(
  where: string,
  { range, p = 0.1 }: RandomIntensityOptions,
  change: (value: number, amount: number) => number,
): VolumeView<number> {
  const [low, high]: Range = typeof range === 'number' ? [-range, range] : range;
  checkRange(where, 'range', [low, high], -Number.MAX_VALUE, Number.MAX_VALUE);
  checkProbability(where, 'p', p);
  return volumeView(where, {
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
