import {
  checkChoice,
  checkCount,
  checkInteger,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-core';
import { copiesOf } from './copies-of.js';
import type { Sampler } from './sampler.js';

export interface DistributedSamplerOptions {
  /** This process's number, 0-based. */
  readonly rank: number;
  /** Number of processes. */
  readonly worldSize: number;
  /**
   * What happens when the samples cannot be dealt out evenly: `pad` gives the first ones of the order a second time,
   * `drop` leaves the last ones out. Default `pad`.
   */
  readonly remainder?: 'pad' | 'drop';
}

const distributedSamplerOptionNames: OptionNames<DistributedSamplerOptions> = {
  rank: 'requiredNumber',
  worldSize: 'requiredNumber',
  remainder: 'optional',
};

/**
 * One process's part of another sampler's order: every `worldSize`-th sample, beginning with number `rank`.
 *
 * All ranks get as many samples, no two ranks the same one but for padding, and the batches of all ranks together are a
 * large batch of the whole order. All ranks must use the same sampler and seed. Copies of a sample
 * (`repeatedAugmentation`, padding) have views of their own on whichever rank they are.
 *
 * @throws InvalidOptionError
 * Source: `torch.utils.data.DistributedSampler`.
 */
export function distributedSampler(sampler: Sampler, options: DistributedSamplerOptions): Sampler {
  checkOptions('distributedSampler', options, distributedSamplerOptionNames);
  const { rank, worldSize, remainder = 'pad' } = options;
  const refuse = (option: string, expected: string, actual: unknown): never => {
    throw new InvalidOptionError('distributedSampler', option, expected, actual);
  };
  checkCount('distributedSampler', { worldSize });
  checkInteger('distributedSampler', 'rank', rank, 0, worldSize - 1);
  checkChoice('distributedSampler', 'remainder', remainder, ['pad', 'drop']);
  const share = sampler.length / worldSize;
  const length = remainder === 'pad' ? Math.ceil(share) : Math.floor(share);
  if (length < 1)
    refuse('worldSize', `at most the sampler's length, ${sampler.length}, with remainder 'drop'`, worldSize);
  const positions = Int32Array.from({ length }, (_, at) => (at * worldSize + rank) % sampler.length);
  return {
    length,
    indices: (epoch) => {
      const all = sampler.indices(epoch);
      return positions.map((position) => all[position]!);
    },
    copies: (epoch) => {
      const all = sampler.indices(epoch);
      const copies = copiesOf(sampler, epoch, all);
      if (length * worldSize <= sampler.length) return positions.map((position) => copies[position]!);
      // Padding goes on counting where the order ended.
      const padded = Array.from({ length: length * worldSize - sampler.length }, (_, at) => all[at % sampler.length]!);
      const counts = new Map(padded.map((index) => [index, 0]));
      all.forEach((index, at) => {
        const count = counts.get(index);
        if (count !== undefined) counts.set(index, Math.max(count, copies[at]! + 1));
      });
      const padding = padded.map((index) => {
        const count = counts.get(index)!;
        counts.set(index, count + 1);
        return count;
      });
      return positions.map((position, at) => {
        const beyond = at * worldSize + rank - sampler.length;
        return beyond < 0 ? copies[position]! : padding[beyond]!;
      });
    },
  };
}
