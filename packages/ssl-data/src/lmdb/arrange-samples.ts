import { DataError } from '@selfsup/ssl-core';
import { type LeftOut, LeftOutCounter } from '../dataset/left-out.js';
import { numberClasses } from '../dataset/number-classes.js';
import { renumberLabels } from '../dataset/renumber-labels.js';
import { sharedIntegers } from '../dataset/shared-memory.js';
import { type StringTable, stringAt } from '../dataset/string-table.js';
import type { LmdbRecords } from './index-lmdb.js';
import { checksumKey, metadataChecksum } from './metadata-checksum.js';
import { readMetadata } from './read-metadata.js';
import { metadataKey, tellSamples } from './sample-keys.js';

/** Which records are samples, in which order, with which classes. */
export interface ArrangedSamples {
  /** The samples' records. */
  readonly records: LmdbRecords;
  readonly labels: Int32Array | undefined;
  readonly classes: readonly string[];
  /** Records that are no samples. */
  readonly leftOut: readonly LeftOut[];
}

export interface ArrangeOptions {
  /** Undefined: told by the keys and first bytes. */
  readonly keyPrefix: string | undefined;
  /** Where classes come from; `undefined`: from `__labels__`, else from folders when all keys have one. */
  readonly labels: 'folders' | 'none' | undefined;
  /** Classes that the caller gave; see `readClassList`. */
  readonly given: readonly string[] | undefined;
  readonly allowEmpty: boolean;
}

/** @throws DataError for metadata that contradicts the records or is pickled, and for classes that do not fit */
export async function arrangeSamples(
  all: LmdbRecords,
  readValue: (index: number, name: string) => Promise<Uint8Array>,
  { keyPrefix, labels, given, allowEmpty }: ArrangeOptions,
): Promise<ArrangedSamples> {
  const { path } = all;
  const leftOut = new LeftOutCounter();
  const metadata = new Map<string, number>();
  const keys = Array.from({ length: all.sizes.length }, (_, index) => stringAt(all.keys, index));
  let samples: number[] = [];
  keys.forEach((key, index) => {
    if (metadataKey.test(key)) metadata.set(key, index);
    else if (key.startsWith(keyPrefix ?? '')) samples.push(index);
    else leftOut.add('records without the prefix', key);
  });
  // Keys, each character as an escape, a number for each, and names of classes.
  const largest = 2 ** 24 + 6 * all.keys.bytes.length + 16 * keys.length;
  const read = async <T>(key: string, form: (value: unknown) => value is T, expected: string) => {
    const index = metadata.get(key);
    if (index !== undefined && all.sizes[index]! > largest)
      throw new DataError(`'${key}' has ${all.sizes[index]!} bytes, more than keys and classes of this database take`, {
        path,
      });
    return index === undefined ? undefined : readMetadata(await readValue(index, key), key, form, expected, path);
  };
  const checksum = await read(checksumKey, isText, 'a string');
  if (checksum !== undefined && checksum !== (await checksumOf(all, keys, metadata, readValue)))
    throw new DataError(
      `keys or records about the data differ from '${checksumKey}': the database is damaged, pack or copy it anew; if it was changed on purpose, remove that record`,
      { path },
    );
  const stored = await read('__keys__', isStrings, 'an array of strings');
  const listed = keyPrefix === undefined ? stored : stored?.filter((key) => key.startsWith(keyPrefix));
  const length = await read('__len__', isCount, 'a number');
  if (listed === undefined && keyPrefix === undefined) {
    const head = (index: number) => readValue(index, keys[index]!).catch(() => undefined);
    const told = await tellSamples(samples, { keys, head, path });
    samples = [...told.samples];
    for (const index of told.own) leftOut.add('records about the data', keys[index]!);
  }
  for (const key of metadata.keys()) leftOut.add('records about the data', key);
  const order = listed === undefined ? inOrder(samples, keys) : byNames(listed, keys, path);
  if (listed !== undefined && order.length < samples.length) {
    const named = new Set(order);
    for (const index of samples)
      if (!named.has(index)) leftOut.add("records that '__keys__' does not list", keys[index]!);
  }
  if (order.length === 0)
    throw new DataError(
      keyPrefix === undefined || keyPrefix === ''
        ? 'holds no samples'
        : `holds no keys that begin with '${keyPrefix}'; check keyPrefix${keys.length === 0 ? '' : ` (a key is '${keys[0]!.slice(0, 80)}')`}`,
      { path },
    );
  if (length !== undefined && length !== order.length)
    throw new DataError(`'__len__' is ${length}, but there are ${order.length} samples; repair it, or set keyPrefix`, {
      path,
    });
  const records = select(all, order);
  const found = await classesOf();
  return { records, leftOut: leftOut.finish(), ...found };

  async function classesOf(): Promise<Pick<ArrangedSamples, 'labels' | 'classes'>> {
    const none = { labels: undefined, classes: [] };
    if (labels === 'none') return none;
    if (labels === undefined && metadata.has('__labels__')) {
      const numbers = await read('__labels__', isLabels, 'an array of integers from 0 to 2,147,483,647');
      const names = (await read('__classes__', isStrings, 'an array of strings')) ?? [];
      if (numbers!.length !== order.length)
        throw new DataError(
          `'__labels__' has ${numbers!.length} classes for ${order.length} samples; repair it, or pass labels: 'none'`,
          { path },
        );
      if (names.length > 0 && numbers!.some((label) => label >= names.length))
        throw new DataError(
          `'__labels__' has numbers beyond the ${names.length} names of '__classes__'; repair them, or pass labels: 'none'`,
          { path },
        );
      return renumberLabels(sharedIntegers(numbers!), names, { given, allowEmpty, path });
    }
    const folders = order.map((index) => folderOf(keys[index]!));
    const loose = folders.indexOf(undefined);
    if (loose >= 0 && labels === undefined && given === undefined) return none;
    if (loose >= 0)
      throw new DataError(`'${keys[order[loose]!]}' has no folder to be its class; pass labels: 'none'`, { path });
    const used = folders as string[];
    const { classes, numberOf } = numberClasses({ used, given, allowEmpty, what: "keys' folders", path });
    const numbers = new Map(Array.from(new Set(used), (name) => [name, numberOf(name)]));
    return { labels: sharedIntegers(used.map((name) => numbers.get(name)!)), classes };
  }
}

async function checksumOf(
  all: LmdbRecords,
  keys: readonly string[],
  metadata: ReadonlyMap<string, number>,
  readValue: (index: number, name: string) => Promise<Uint8Array>,
): Promise<string> {
  const about: [string, Uint8Array][] = [];
  for (const [key, index] of metadata) if (key !== checksumKey) about.push([key, await readValue(index, key)]);
  function* samples(): Generator<Uint8Array> {
    const { bytes, offsets, lengths } = all.keys;
    for (const [index, key] of keys.entries())
      if (!metadata.has(key)) yield bytes.slice(offsets[index]!, offsets[index]! + lengths[index]!);
  }
  return metadataChecksum(samples(), about);
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
      throw new DataError(
        `'__keys__' lists '${name}', which is no record or is listed twice; repair it, or remove '__keys__'`,
        { path },
      );
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

function isText(value: unknown): value is string {
  return typeof value === 'string';
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
