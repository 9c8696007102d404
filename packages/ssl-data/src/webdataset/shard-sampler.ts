import { checkInteger, checkOptions, foldIn, InvalidOptionError, type OptionNames, randomKey } from '@selfsup/ssl-core';
import type { Sampler } from '../loader/sampler.js';
import { samplesPerEpoch, shardOrder, shardOrderOptionNames, type ShardOrderOptions } from './shard-order.js';
import type { WebDataset } from './web-dataset.js';

export interface ShardSamplerOptions extends ShardOrderOptions {
  /** Seed of all orders. Default 0. */
  readonly seed?: number;
}

const shardSamplerOptionNames: OptionNames<ShardSamplerOptions> = {
  ...shardOrderOptionNames,
  seed: 'optionalNumber',
};

/**
 * Orders that go through the shards of a WebDataset one after the other, shuffled as far as a buffer reaches: for shards
 * on servers and slow disks. (A DataLoader without a sampler draws from all samples alike.)
 *
 * @returns a sampler for `DataLoader`: `indices(epoch)` depends on the options and the epoch alone
 * @throws InvalidOptionError
 * Source: see {@link shardOrder}.
 */
export function shardSampler(dataset: Pick<WebDataset, 'shardLengths'>, options: ShardSamplerOptions = {}): Sampler {
  checkOptions('shardSampler', options, shardSamplerOptionNames);
  const { seed = 0, ...order } = options;
  checkInteger('shardSampler', 'seed', seed);
  const { shardLengths } = (dataset ?? {}) as Partial<Pick<WebDataset, 'shardLengths'>>;
  if (shardLengths === undefined)
    throw new InvalidOptionError('shardSampler', 'dataset', 'a WebDataset (await WebDataset.open(shards))', dataset);
  const key = foldIn(randomKey(seed), 'shard order');
  return {
    length: samplesPerEpoch(shardLengths, order),
    indices: (epoch) => shardOrder(key, epoch, shardLengths, order),
  };
}
