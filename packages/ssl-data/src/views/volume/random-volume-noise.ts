import {
  checkNonNegative,
  checkNumber,
  checkOptions,
  checkShare,
  ndArray,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-core';
import { type DescribedVolumeView, volumeView } from './volume.js';

export interface RandomVolumeNoiseOptions {
  /** Mean of the noise. Default 0. */
  readonly mean?: number;
  /** Greatest standard deviation; each draw's is uniform between 0 and it. Default 0.1. */
  readonly std?: number;
  /** Probability. Default 0.1. */
  readonly p?: number;
}

const randomVolumeNoiseOptionNames: OptionNames<RandomVolumeNoiseOptions> = {
  mean: 'optionalNumber',
  std: 'optionalNumber',
  p: 'optionalNumber',
};

/** One draw of {@link randomVolumeNoise}; `null` for a volume that stays. */
export type RandomVolumeNoiseParameters = { readonly std: number; readonly noise: RandomKey } | null;

/**
 * Adds Gaussian noise with probability `p`.
 *
 * @returns a view `[d, h, w, c] -> [d, h, w, c]`
 * @throws InvalidOptionError
 * Source: MONAI's `RandGaussianNoise`.
 */
export function randomVolumeNoise(
  options: RandomVolumeNoiseOptions = {},
): DescribedVolumeView<RandomVolumeNoiseParameters> {
  checkOptions('randomVolumeNoise', options, randomVolumeNoiseOptionNames);
  const { mean = 0, std = 0.1, p = 0.1 } = options;
  checkShare('randomVolumeNoise', { p });
  checkNumber('randomVolumeNoise', 'mean', mean);
  checkNonNegative('randomVolumeNoise', { std });
  return volumeView<RandomVolumeNoiseParameters>('randomVolumeNoise', options, {
    draw: (_shape, random) =>
      random.bernoulli(p) ? { std: random.uniform(0, std), noise: [random.bits(), random.bits()] } : null,
    apply: (volume, drawn) => {
      if (drawn === null) return volume;
      const random = new RandomStream(drawn.noise);
      return ndArray(
        volume.data.map((value) => value + random.normal(mean, drawn.std)),
        volume.shape,
      );
    },
  });
}
