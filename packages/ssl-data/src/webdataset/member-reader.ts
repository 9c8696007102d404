import { DataError } from '@selfsup/ssl-core';
import { stringAt } from '../dataset/string-table.js';
import { type NameSplit, splitMemberName } from './member-name.js';
import { type SampleTable, shardOf } from './sample-table.js';
import type { Shard } from './shard.js';
import { shardName, type ShardStore } from './shard-store.js';
import { parseTarHeader, tarBlockBytes } from './tar-header.js';
import type { WebDatasetSource } from './web-dataset-source.js';

/** Bytes beyond those wanted that may be read for the sake of one read instead of several. */
const maxWaste = 1 << 16;

/** Reads members of samples and checks by their headers that they are the ones that were indexed. */
export class MemberReader {
  readonly #store: ShardStore;
  readonly #table: SampleTable;
  readonly #shards: readonly Shard[];
  readonly #maxBytes: number;
  readonly #split: NameSplit;

  constructor(
    store: ShardStore,
    {
      table,
      shards,
      maxSampleBytes,
      splitAt,
    }: Pick<WebDatasetSource, 'table' | 'shards' | 'maxSampleBytes' | 'splitAt'>,
  ) {
    this.#store = store;
    this.#table = table;
    this.#shards = shards;
    this.#maxBytes = maxSampleBytes;
    this.#split = splitAt;
  }

  /** Name of a member, for messages. */
  memberName(sample: number, member: number): string {
    const { keys, extensions, extensionOf } = this.#table;
    return `${stringAt(keys, sample)}.${extensions[extensionOf[member]!]}`;
  }

  /**
   * @param sample number of the sample
   * @param members numbers of members of that sample
   * @returns their bytes
   * @throws DataError when they are too large, cannot be read, or the shard does not hold them where the index says
   */
  async read(sample: number, members: readonly number[]): Promise<Uint8Array[]> {
    const { offsets, sizes } = this.#table;
    const shard = this.#shards[shardOf(this.#table, sample)]!;
    const start = Math.min(...members.map((member) => offsets[member]! - tarBlockBytes));
    const end = Math.max(...members.map((member) => offsets[member]! + sizes[member]!));
    const total = members.reduce((sum, member) => sum + sizes[member]! + tarBlockBytes, 0);
    if (total > this.#maxBytes)
      throw new DataError(
        `sample '${stringAt(this.#table.keys, sample)}' has ${total} bytes, the limit is ${this.#maxBytes}; raise maxSampleBytes`,
        { path: shardName(shard), offset: start },
      );
    // Neighbours come with one read, from the first header on.
    const whole = end - start <= total + maxWaste ? await this.#store.read(shard, start, end - start) : undefined;
    const read: Uint8Array[] = [];
    for (const member of members) {
      const offset = offsets[member]!;
      const size = sizes[member]!;
      const bytes =
        whole?.subarray(offset - tarBlockBytes - start, offset + size - start) ??
        (await this.#store.read(shard, offset - tarBlockBytes, tarBlockBytes + size));
      this.#check(bytes, sample, member);
      read.push(bytes.subarray(tarBlockBytes));
    }
    return read;
  }

  /** A shard that was replaced must not give one sample's image with another's class. */
  #check(bytes: Uint8Array, sample: number, member: number): void {
    const { keys, offsets, sizes, plainNames, extensions, extensionOf } = this.#table;
    const shard = shardOf(this.#table, sample);
    const path = shardName(this.#shards[shard]!);
    const offset = offsets[member]! - tarBlockBytes;
    const header = parseTarHeader(bytes, path, offset);
    const split = splitMemberName(header?.name ?? '', this.#split);
    const sameName =
      plainNames[shard] === 0 ||
      (split?.[0] === stringAt(keys, sample) && split[1] === extensions[extensionOf[member]!]);
    // A size in a PAX record leaves the header's at 0.
    if (header === undefined || (header.size !== sizes[member] && header.size !== 0) || !sameName)
      throw new DataError(
        `does not hold '${this.memberName(sample, member)}' where its index says; remove the index and open the data set anew`,
        { path, offset },
      );
  }
}
