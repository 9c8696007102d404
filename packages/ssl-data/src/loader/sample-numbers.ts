import { checkInteger, InvalidOptionError } from '@selfsup/ssl-core';

/** Samples that a sampler draws from: how many there are, or the numbers of some of them (`balancedSubset`, `fractionSubset`). */
export type SampleNumbers = number | ArrayLike<number>;

/** The numbers, copied. Throws {@link InvalidOptionError} for none, or what is no sample number. */
export function sampleNumbers(where: string, samples: SampleNumbers): Int32Array {
  if (typeof samples === 'number') {
    checkInteger(where, 'samples', samples, 1, maxSamples);
    return Int32Array.from({ length: samples }, (_, index) => index);
  }
  if (typeof (samples as ArrayLike<number> | undefined)?.length !== 'number' || typeof samples === 'string')
    throw new InvalidOptionError(where, 'samples', 'how many there are (dataset.length), or their numbers', samples);
  if (samples.length === 0) throw new InvalidOptionError(where, 'samples', 'at least one sample', '[]');
  return Int32Array.from(samples, (index, at) => {
    if (!Number.isInteger(index) || index < 0 || index > maxSamples)
      throw new InvalidOptionError(where, `samples[${at}]`, 'the number of a sample', index);
    return index;
  });
}

const maxSamples = 2 ** 31 - 1;
