import { checkOptions, checkShare, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { type AxisSource, permuteVoxels } from './permute-voxels.js';
import { type DescribedVolumeView, type VolumeAxis, volumeView } from './volume.js';

export interface RandomVolumeFlipOptions {
  /** Axes that may be mirrored, each for itself: 0 depth, 1 height, 2 width. Default all. */
  readonly axes?: readonly VolumeAxis[];
  /** Probability for each axis. Default 0.5. */
  readonly p?: number;
}

const randomVolumeFlipOptionNames: OptionNames<RandomVolumeFlipOptions> = {
  axes: 'optional',
  p: 'optionalNumber',
};

/**
 * Mirrors each axis with probability `p`.
 *
 * @returns a view `[d, h, w, c] -> [d, h, w, c]`; its parameters are the axes that are mirrored
 * @throws InvalidOptionError
 * Source: MONAI's `RandFlip`, one for each axis.
 */
export function randomVolumeFlip(options: RandomVolumeFlipOptions = {}): DescribedVolumeView<readonly VolumeAxis[]> {
  checkOptions('randomVolumeFlip', options, randomVolumeFlipOptionNames);
  const { axes = [0, 1, 2], p = 0.5 } = options;
  checkShare('randomVolumeFlip', { p });
  if (!axes.every((axis) => [0, 1, 2].includes(axis)))
    throw new InvalidOptionError('randomVolumeFlip', 'axes', '0, 1 or 2 each', axes.join(', '));
  return volumeView<readonly VolumeAxis[]>('randomVolumeFlip', options, {
    draw: (_shape, random) => axes.filter(() => random.bernoulli(p)),
    apply: (volume, mirrored) => {
      if (mirrored.length === 0) return volume;
      const source = (axis: VolumeAxis): AxisSource => ({ axis, reversed: mirrored.includes(axis) });
      return permuteVoxels(volume, [source(0), source(1), source(2)]);
    },
  });
}
