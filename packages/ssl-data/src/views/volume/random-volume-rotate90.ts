import { checkOptions, checkShare, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { type AxisSource, permuteVoxels } from './permute-voxels.js';
import { type DescribedVolumeView, type Volume, type VolumeAxis, volumeView } from './volume.js';

export interface RandomVolumeRotate90Options {
  /** The plane of the rotation, from the first axis towards the second. Default height and width, `[1, 2]`. */
  readonly axes?: readonly [VolumeAxis, VolumeAxis];
  /** Probability. Default 0.5. */
  readonly p?: number;
}

const randomVolumeRotate90OptionNames: OptionNames<RandomVolumeRotate90Options> = {
  axes: 'optional',
  p: 'optionalNumber',
};

/**
 * Rotates by one, two or three right angles with probability `p`. The sides of the plane change places with an odd number.
 *
 * @returns a view `[d, h, w, c] -> [d', h', w', c]`; its parameter is the number of quarter turns
 * @throws InvalidOptionError
 * Source: MONAI's `RandRotate90`, which is NumPy's `rot90`.
 */
export function randomVolumeRotate90(options: RandomVolumeRotate90Options = {}): DescribedVolumeView<number> {
  checkOptions('randomVolumeRotate90', options, randomVolumeRotate90OptionNames);
  const { axes = [1, 2], p = 0.5 } = options;
  checkShare('randomVolumeRotate90', { p });
  if (!axes.every((axis) => [0, 1, 2].includes(axis)) || axes[0] === axes[1])
    throw new InvalidOptionError('randomVolumeRotate90', 'axes', 'two different ones of 0, 1, 2', axes.join(', '));
  return volumeView('randomVolumeRotate90', options, {
    draw: (_shape, random) => (random.bernoulli(p) ? 1 + random.integer(3) : 0),
    apply: (volume, turns) => (turns === 0 ? volume : rotateQuarters(volume, axes, turns)),
  });
}

function rotateQuarters(volume: Volume, [first, second]: readonly [VolumeAxis, VolumeAxis], turns: number): Volume {
  const sources: [AxisSource, AxisSource, AxisSource] = [
    { axis: 0, reversed: false },
    { axis: 1, reversed: false },
    { axis: 2, reversed: false },
  ];
  // NumPy: one turn flips the second axis, then exchanges both; three exchange, then flip the second.
  sources[first] = { axis: turns === 2 ? first : second, reversed: turns < 3 };
  sources[second] = { axis: turns === 2 ? second : first, reversed: turns > 1 };
  return permuteVoxels(volume, sources);
}
