import { checkInteger, checkOptions, foldIn, type OptionNames, randomKey, RandomStream } from '@selfsup/ssl-core';
import { type SampleNumbers, sampleNumbers } from './sample-numbers.js';
import type { Sampler } from './sampler.js';

export interface RandomSamplerOptions {
  /** Seed of all orders. Default 0. */
  readonly seed?: number;
}

const randomSamplerOptionNames: OptionNames<RandomSamplerOptions> = {
  seed: 'optionalNumber',
};

/**
 * Every sample once per epoch, in an order drawn from (seed, epoch): what `DataLoader` does by itself.
 *
 * @param samples how many there are, or the numbers of those to use, such as `fractionSubset(labels, 0.1, key)`
 * @throws InvalidOptionError
 */
export function randomSampler(samples: SampleNumbers, options: RandomSamplerOptions = {}): Sampler {
  const { seed = 0 } = checkOptions('randomSampler', options, randomSamplerOptionNames);
  checkInteger('randomSampler', 'seed', seed);
  const numbers = sampleNumbers('randomSampler', samples);
  const key = foldIn(randomKey(seed), 'order');
  return {
    length: numbers.length,
    indices: (epoch) =>
      Int32Array.from(new RandomStream(foldIn(key, epoch)).permutation(numbers.length), (at) => numbers[at]!),
  };
}
