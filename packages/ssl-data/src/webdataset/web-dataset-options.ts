import {
  checkChoice,
  checkCount,
  checkInteger,
  checkOptions,
  checkShare,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-core';
import { classOptionNames, type ClassOptions } from '../dataset/class-list.js';
import type { ImageDecoding } from '../image/decode-image.js';
import { checkHttpOptions, httpOptionNames, type HttpOptions } from './http-source.js';
import type { LabelMember } from './member-label.js';
import type { NameSplit } from './member-name.js';
import { shardCacheOptionNames, type ShardCacheOptions } from './shard-cache.js';
import { imageDecodingOptionNames } from '../image/image-decoding.js';

export interface WebDatasetOptions extends ImageDecoding, ClassOptions {
  /** Extensions of images, the first that a sample has counts. Default: `imageExtensions`. */
  readonly imageExtensions?: readonly string[];
  /**
   * Where a member's name is split into key and extension: at the first dot, as WebDataset has it, or the last, for names
   * such as `img.2024.jpg`. Default `first-dot`.
   */
  readonly splitAt?: NameSplit;
  /** Member with the class, or `none`; with `classes`, opening reads all. Default: `cls` when the samples have it. */
  readonly label?: 'none' | LabelMember;
  /** Read all classes while opening, so that `labels` is there. Default false. */
  readonly loadLabels?: boolean;
  /** Shards that come from servers; needed where they send no parts of files, or have no index beside a shard. */
  readonly cache?: ShardCacheOptions;
  readonly http?: HttpOptions;
  /** `fail` ends the opening at a shard that cannot be read; `skip` leaves it out, see `skippedShards`. Default `fail`. */
  readonly onBadShard?: 'fail' | 'skip';
  /** With `skip`: largest part of the shards that may be left out, 0..1; one always may. Default 0.1. */
  readonly maxBadShare?: number;
  /** Largest number of files in all shards. Default 33,554,432. */
  readonly maxEntries?: number;
  /** Largest number of bytes that are read for one sample. Default 256 MiB. */
  readonly maxSampleBytes?: number;
}

/** Names of {@link WebDatasetOptions}. */
export const webDatasetOptionNames: OptionNames<WebDatasetOptions> = {
  ...imageDecodingOptionNames,
  ...classOptionNames,
  imageExtensions: 'optional',
  splitAt: 'optional',
  label: 'optional',
  loadLabels: 'optionalFlag',
  cache: 'optional',
  http: 'optional',
  onBadShard: 'optional',
  maxBadShare: 'optionalNumber',
  maxEntries: 'optionalNumber',
  maxSampleBytes: 'optionalNumber',
};

/** Throws {@link InvalidOptionError} for an option that is not accepted. */
export function checkWebDatasetOptions(options: WebDatasetOptions): void {
  const { imageExtensions, label, cache, http, onBadShard = 'fail', maxBadShare = 0, splitAt = 'first-dot' } = options;
  const refuse = (option: string, expected: string, actual: unknown): never => {
    throw new InvalidOptionError('WebDataset.open', option, expected, actual);
  };
  const { maxEntries = 1, maxSampleBytes = 1 } = options;
  // Members are numbered by 32 bits.
  checkInteger('WebDataset.open', 'maxEntries', maxEntries, 1, 2 ** 31 - 2);
  checkCount('WebDataset.open', { maxSampleBytes });
  if (cache !== undefined) checkOptions('WebDataset.open', cache, shardCacheOptionNames, 'cache');
  if (http !== undefined) checkOptions('WebDataset.open', http, httpOptionNames, 'http');
  checkCount('WebDataset.open', { 'cache.maxBytes': cache?.maxBytes ?? 1 });
  if (cache?.folder === '') refuse('cache.folder', 'a path', "''");
  if (imageExtensions?.length === 0) refuse('imageExtensions', 'at least one extension', '[]');
  if (label !== undefined && label !== 'none' && !label.extension)
    refuse('label', "'none' or { extension, field?, kind? }", JSON.stringify(label));
  if (label !== undefined && label !== 'none' && ![undefined, 'integers', 'names'].includes(label.kind))
    refuse('label.kind', "'integers' or 'names'", label.kind);
  checkChoice('WebDataset.open', 'splitAt', splitAt, ['first-dot', 'last-dot']);
  checkChoice('WebDataset.open', 'onBadShard', onBadShard, ['fail', 'skip']);
  checkShare('WebDataset.open', { maxBadShare });
  if (http !== undefined) checkHttpOptions('WebDataset.open', http);
}
