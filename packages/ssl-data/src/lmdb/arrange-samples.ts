import { DataError } from 'ssl-core';
import { sharedIntegers } from '../dataset/shared-memory.js';
import { type StringTable, stringAt } from '../dataset/string-table.js';
import type { LmdbRecords } from './index-lmdb.js';
import { readMetadata } from './read-metadata.js';

/** Which records are samples, in which order, with which classes. */
export interface ArrangedSamples {
  /** The samples' records. */
  readonly records: LmdbRecords;
  readonly labels: Int32Array | undefined;
  readonly classes: readonly string[];
}

/** Keys of records that describe the others, as `__len__`. */
const metadataKey = /^__.*__$/s;

/**
 * @param labels where classes come from; `undefined`: from `__labels__`, else from folders when all keys have one
 * @throws DataError for metadata that contradicts the records or is pickled
 */
export async function arrangeSamples(
  all: LmdbRecords,
  readValue: (index: number, name: string) => Promise<Uint8Array>,
  keyPrefix: string,
  labels: 'folders' | 'none' | undefined,
): Promise<ArrangedSamples> {
  const { path } = all;
  const samples: number[] = [];
  const metadata = new Map<string, number>();
  const keys = Array.from({ length: all.sizes.length }, (_, index) => stringAt(all.keys, index));
  keys.forEach((key, index) => {
    if (metadataKey.test(key)) metadata.set(key, index);
    else if (key.startsWith(keyPrefix)) samples.push(index);
  });
  const read = async <T>(key: string, form: (value: unknown) => value is T, expected: string) => {
    const index = metadata.get(key);
    return index === undefined ? undefined : readMetadata(await readValue(index, key), key, form, expected, path);
  };
  const listed = await read('__keys__', isStrings, 'an array of strings');
  const length = await read('__len__', isCount, 'a number');
  const order = listed === undefined ? inOrder(samples, keys) : byNames(listed, keys, path);
  if (order.length === 0)
    throw new DataError(
      keyPrefix === '' ? 'holds no samples' : `holds no keys that begin with '${keyPrefix}'; check keyPrefix`,
      { path },
    );
  if (length !== undefined && length !== order.length)
    throw new DataError(`'__len__' is ${length}, but there are ${order.length} samples; repair it, or set keyPrefix`, {
      path,
    });
  const records = select(all, order);
  if (labels === 'none') return { records, labels: undefined, classes: [] };
  if (labels === undefined && metadata.has('__labels__')) {
    const stored = await read('__labels__', isLabels, 'an array of integers from 0 to 2,147,483,647');
    const classes = (await read('__classes__', isStrings, 'an array of strings')) ?? [];
    if (stored!.length !== order.length)
      throw new DataError(`'__labels__' has ${stored!.length} classes for ${order.length} samples`, { path });
    if (classes.length > 0 && stored!.some((label) => label >= classes.length))
      throw new DataError(`'__labels__' has numbers beyond the ${classes.length} names of '__classes__'`, { path });
    return { records, labels: sharedIntegers(stored!), classes };
  }
  const folders = order.map((index) => folderOf(keys[index]!));
  const loose = folders.indexOf(undefined);
  if (loose >= 0 && labels === undefined) return { records, labels: undefined, classes: [] };
  if (loose >= 0)
    throw new DataError(`'${keys[order[loose]!]}' has no folder to be its class; pass labels: 'none'`, { path });
  const classes = [...new Set(folders as string[])].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const numbers = new Map(classes.map((name, index) => [name, index]));
  return { records, labels: sharedIntegers(folders.map((name) => numbers.get(name!)!)), classes };
}

/** Samples in the order of their keys; keys that are numbers, padded with zeros or not, by their values. */
function inOrder(samples: readonly number[], keys: readonly string[]): readonly number[] {
  if (!samples.every((index) => /^\d{1,15}$/.test(keys[index]!))) return samples;
  return [...samples].sort((a, b) => Number(keys[a]) - Number(keys[b]));
}

function byNames(names: readonly string[], keys: readonly string[], path: string): readonly number[] {
  const places = new Map(keys.map((key, index) => [key, index]));
  return names.map((name) => {
    const index = places.get(name);
    // Each once, or a hostile list could make a sample a million.
    if (index === undefined || metadataKey.test(name) || !places.delete(name))
      throw new DataError(`'__keys__' lists '${name}', which is no record or is listed twice`, { path });
    return index;
  });
}

/** The folder right above a file. */
function folderOf(key: string): string | undefined {
  return /(?:^|\/)([^/]+)\/[^/]*$/.exec(key)?.[1];
}

function select(all: LmdbRecords, order: readonly number[]): LmdbRecords {
  const offsets = new Float64Array(new SharedArrayBuffer(8 * order.length));
  const sizes = new Uint32Array(new SharedArrayBuffer(4 * order.length));
  const keyOffsets = new Float64Array(new SharedArrayBuffer(8 * order.length));
  order.forEach((index, sample) => {
    offsets[sample] = all.offsets[index]!;
    sizes[sample] = all.sizes[index]!;
    keyOffsets[sample] = all.keys.offsets[index]!;
  });
  const lengths = sharedIntegers(order.map((index) => all.keys.lengths[index]!));
  const keys: StringTable = { bytes: all.keys.bytes, offsets: keyOffsets, lengths };
  return { ...all, keys, offsets, sizes };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isLabels(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 0 && item < 2 ** 31);
}
