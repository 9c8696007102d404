import { DataError } from '@selfsup/ssl-core';
import { type StringTable, stringTable } from '../dataset/string-table.js';
import { maxExtensions, type ShardIndex } from './shard-index.js';

/** Indices of all shards in one, in memory that threads share. Sample and member numbers count through all shards. */
export interface SampleTable {
  readonly extensions: readonly string[];
  readonly keys: StringTable;
  /** First sample of each shard, and the number of samples, `[shards + 1]`. */
  readonly shardStarts: Int32Array;
  /** Whether names in a shard's headers are whole (1), `[shards]`. */
  readonly plainNames: Uint8Array;
  /** First member of each sample, and the number of members, `[samples + 1]`. */
  readonly memberStarts: Int32Array;
  /** Number in `extensions`, first byte in the shard, bytes, `[members]`. */
  readonly extensionOf: Uint16Array;
  readonly offsets: Float64Array;
  readonly sizes: Float64Array;
}

/** Joins indices. Throws {@link DataError} for more members than `maxEntries`. */
export function joinIndices(indices: readonly ShardIndex[], maxEntries: number): SampleTable {
  const members = indices.reduce((sum, { offsets }) => sum + offsets.length, 0);
  const samples = indices.reduce((sum, { keys }) => sum + keys.length, 0);
  if (members > maxEntries)
    throw new DataError(`the shards hold ${members} files, the limit is ${maxEntries}; raise maxEntries`);
  const numbers = new Map<string, number>();
  const table = {
    keys: stringTable(indices.flatMap(({ keys }) => keys)),
    shardStarts: new Int32Array(new SharedArrayBuffer(4 * (indices.length + 1))),
    plainNames: new Uint8Array(new SharedArrayBuffer(indices.length)),
    memberStarts: new Int32Array(new SharedArrayBuffer(4 * (samples + 1))),
    extensionOf: new Uint16Array(new SharedArrayBuffer(2 * members)),
    offsets: new Float64Array(new SharedArrayBuffer(8 * members)),
    sizes: new Float64Array(new SharedArrayBuffer(8 * members)),
  };
  let sample = 0;
  let member = 0;
  indices.forEach((index, shard) => {
    const renumbered = index.extensions.map((extension) => {
      const number = numbers.get(extension) ?? numbers.size;
      numbers.set(extension, number);
      return number;
    });
    table.plainNames[shard] = index.plainNames ? 1 : 0;
    table.offsets.set(index.offsets, member);
    table.sizes.set(index.sizes, member);
    index.extensionOf.forEach((extension, at) => {
      table.extensionOf[member + at] = renumbered[extension]!;
    });
    for (const count of index.counts) {
      member += count;
      table.memberStarts[++sample] = member;
    }
    table.shardStarts[shard + 1] = sample;
  });
  if (numbers.size > maxExtensions)
    throw new DataError(`the shards have ${numbers.size} different extensions, the limit is ${maxExtensions}`);
  return { ...table, extensions: [...numbers.keys()] };
}

/** Shard that holds a sample. */
export function shardOf({ shardStarts }: SampleTable, sample: number): number {
  let low = 0;
  let high = shardStarts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (shardStarts[middle]! <= sample) low = middle;
    else high = middle;
  }
  return low;
}

/** Member of a sample with this extension's number, or -1. */
export function memberOf({ memberStarts, extensionOf }: SampleTable, sample: number, extension: number): number {
  for (let member = memberStarts[sample]!; member < memberStarts[sample + 1]!; member++)
    if (extensionOf[member] === extension) return member;
  return -1;
}
