import { type SampleNumbers, sampleNumbers } from './sample-numbers.js';
import type { Sampler } from './sampler.js';

/**
 * The samples in the given order, the same every epoch.
 *
 * @param samples how many there are, or the numbers of those to use
 * @throws InvalidOptionError
 */
export function sequentialSampler(samples: SampleNumbers): Sampler {
  const numbers = sampleNumbers('sequentialSampler', samples);
  return { length: numbers.length, indices: () => numbers.slice() };
}
