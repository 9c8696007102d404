import { checkCount, checkInteger, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { copiesOf } from './copies-of.js';
import type { Sampler } from './sampler.js';

export interface RepeatedAugmentationOptions {
  /**
   * Samples per epoch, copies counted. Default: as many as the sampler has, so that an epoch has as many steps as
   * without and sees one of `repeats` samples; `repeats * sampler.length` shows them all.
   */
  readonly samplesPerEpoch?: number;
}

const repeatedAugmentationOptionNames: OptionNames<RepeatedAugmentationOptions> = {
  samplesPerEpoch: 'optionalNumber',
};

/**
 * Every sample of another sampler's order `repeats` times in a row, each time with views of its own.
 *
 * For several processes put `distributedSampler` around it: the copies of a sample then lie in one step, on neighbouring
 * ranks.
 *
 * @param repeats copies of each sample; 3 in both of the later papers
 * @throws InvalidOptionError
 * Source: Hoffer et al. 2020, 'Augment your batch', arXiv 1901.09335; Berman et al. 2019, 'MultiGrain', arXiv
 * 1902.05509, section 3.2; `RASampler` of DeiT (arXiv 2012.12877), whose epoch has
 * `samplesPerEpoch: Math.floor(n / 256) * 256`.
 */
export function repeatedAugmentation(
  sampler: Sampler,
  repeats: number,
  options: RepeatedAugmentationOptions = {},
): Sampler {
  checkOptions('repeatedAugmentation', options, repeatedAugmentationOptionNames);
  checkCount('repeatedAugmentation', { repeats });
  const { samplesPerEpoch: length = sampler.length } = options;
  const most = Math.min(repeats * sampler.length, 2 ** 31 - 1);
  checkInteger('repeatedAugmentation', 'samplesPerEpoch', length, 1, most);
  const repeated = (values: Int32Array, value: (value: number, copy: number) => number): Int32Array =>
    Int32Array.from({ length }, (_, at) => value(values[Math.floor(at / repeats)]!, at % repeats));
  return {
    length,
    indices: (epoch) => repeated(sampler.indices(epoch), (index) => index),
    copies: (epoch) =>
      repeated(copiesOf(sampler, epoch, sampler.indices(epoch)), (earlier, copy) => earlier * repeats + copy),
  };
}
