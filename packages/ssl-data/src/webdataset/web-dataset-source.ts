import type { ImageDecoding } from '../image/decode-image.js';
import type { LabelMember } from './member-label.js';
import type { NameSplit } from './member-name.js';
import type { SampleTable } from './sample-table.js';
import type { Shard } from './shard.js';
import type { ShardAccess } from './shard-store.js';

/** All that a thread needs to read the samples; plain data, the large parts in shared memory. */
export interface WebDatasetSource {
  readonly table: SampleTable;
  readonly shards: readonly Shard[];
  readonly access: ShardAccess;
  readonly decoding: ImageDecoding;
  readonly imageExtensions: readonly string[];
  readonly splitAt: NameSplit;
  readonly label: LabelMember | undefined;
  readonly labels: Int32Array | undefined;
  /** How many classes each shard names, `[shards]`; undefined where none does. */
  readonly classCounts: readonly number[] | undefined;
  readonly maxSampleBytes: number;
}
