import { DataError } from '@selfsup/ssl-core';
import { decompressPage } from './decompress-page.js';
import { deltaLengthTexts, deltaTexts } from './delta-texts.js';
import type { ThriftStruct } from './read-thrift.js';
import { rleHybrid } from './rle-hybrid.js';

/** Where the values of a column lie for one row group; plain data. */
export interface ColumnChunk {
  readonly offset: number;
  readonly bytes: number;
  readonly codec: string;
  /** `BYTE_ARRAY`, `INT32` or `INT64`. */
  readonly type: string;
  /** Definition level of a value that is there; lower ones are nulls. */
  readonly maxLevel: number;
}

/** A value of a column; byte arrays are windows on their page. */
export type Value = Uint8Array | number;

const pageTypes = { data: 0, dictionary: 2, dataV2: 3 } as const;
const encodings = { plain: 0, plainDictionary: 2, rle: 3, deltaLength: 6, delta: 7, rleDictionary: 8 } as const;

/** What a page may hold. */
export interface PageLimits {
  readonly maxRows: number;
  /** Bytes of its values. */
  readonly maxBytes: number;
}

/** Reads the pages of a column chunk without repetition, in their order. */
export class PageDecoder {
  readonly #chunk: ColumnChunk;
  readonly #limits: PageLimits;
  #left: number;
  #dictionary: Value[] | undefined;

  /** @param rows of the row group */
  constructor(chunk: ColumnChunk, rows: number, limits: PageLimits) {
    this.#chunk = chunk;
    this.#left = rows;
    this.#limits = limits;
  }

  /** Rows that no page has given yet. */
  get left(): number {
    return this.#left;
  }

  /**
   * @param header of the page
   * @param stored its bytes as they lie in the file
   * @returns its values; undefined for nulls, and none of a page without rows, such as a dictionary
   * @throws DataError
   * Source: Parquet format, README.md (data pages) and Encodings.md; pages of versions 1 and 2.
   */
  decode(header: ThriftStruct, stored: Buffer): readonly (Value | undefined)[] {
    const { codec, type, maxLevel } = this.#chunk;
    const rawBytes = countIn(header, 2);
    const pageType = header.get(1);
    if (pageType === pageTypes.dictionary) {
      const page = decompressPage(stored, codec, rawBytes);
      this.#dictionary = plain(page, type, countIn(partOf(header, 7), 1));
      return [];
    }
    if (pageType !== pageTypes.data && pageType !== pageTypes.dataV2) return [];
    const isV2 = pageType === pageTypes.dataV2;
    const about = partOf(header, isV2 ? 8 : 5);
    const rows = countIn(about, 1);
    if (rows > this.#left) throw new DataError('pages have more rows than their row group');
    const { maxRows, maxBytes } = this.#limits;
    if (rows > maxRows) throw new DataError(`a page has ${rows} rows, the limit is ${maxRows}`);
    const { levels, data } = isV2
      ? splitV2(stored, about, codec, rawBytes, maxLevel, rows)
      : splitV1(decompressPage(stored, codec, rawBytes), about, maxLevel, rows);
    const present = levels === undefined ? rows : levels.filter((level) => level === maxLevel).length;
    const encoding = countIn(about, isV2 ? 4 : 2);
    const isDelta = type === 'BYTE_ARRAY' && (encoding === encodings.deltaLength || encoding === encodings.delta);
    const found = !isDelta
      ? decode(data, encoding, type, present, this.#dictionary)
      : encoding === encodings.delta
        ? deltaTexts(data, present, maxBytes)
        : deltaLengthTexts(data, present);
    this.#left -= rows;
    if (levels === undefined) return found;
    let next = 0;
    return Array.from(levels, (level) => (level === maxLevel ? found[next++] : undefined));
  }
}

interface SplitPage {
  /** Definition level of each row, where there can be nulls. */
  readonly levels: Uint32Array | undefined;
  readonly data: Buffer;
}

function splitV1(page: Buffer, about: ThriftStruct, maxLevel: number, rows: number): SplitPage {
  if (maxLevel === 0) return { levels: undefined, data: page };
  if (about.get(3) !== encodings.rle) throw new DataError('definition levels are in another encoding than RLE');
  const length = page.length < 4 ? Infinity : page.readUInt32LE(0);
  if (4 + length > page.length) throw new DataError('definition levels are longer than their page');
  return { levels: levelsIn(page.subarray(4, 4 + length), maxLevel, rows), data: page.subarray(4 + length) };
}

function splitV2(
  stored: Buffer,
  about: ThriftStruct,
  codec: string,
  rawBytes: number,
  maxLevel: number,
  rows: number,
): SplitPage {
  const length = countIn(about, 5);
  if (countIn(about, 6) !== 0) throw new DataError('a page has repetition levels, but the column has no lists');
  if (length > stored.length || length > rawBytes) throw new DataError('definition levels are longer than their page');
  const data = decompressPage(
    stored.subarray(length),
    about.get(7) === false ? 'UNCOMPRESSED' : codec,
    rawBytes - length,
  );
  return { levels: maxLevel === 0 ? undefined : levelsIn(stored.subarray(0, length), maxLevel, rows), data };
}

function levelsIn(bytes: Uint8Array, maxLevel: number, rows: number): Uint32Array {
  return rleHybrid(bytes, 32 - Math.clz32(maxLevel), rows);
}

function decode(
  data: Buffer,
  encoding: number,
  type: string,
  length: number,
  dictionary: readonly Value[] | undefined,
): readonly Value[] {
  if (encoding === encodings.plain) return plain(data, type, length);
  if (encoding !== encodings.plainDictionary && encoding !== encodings.rleDictionary)
    throw new DataError(`encoding ${encoding} is not read; write the file anew with plain or dictionary encoding`);
  if (length === 0) return [];
  if (dictionary === undefined || data.length === 0) throw new DataError('a page lacks its dictionary');
  return Array.from(rleHybrid(data.subarray(1), data[0]!, length), (index) => {
    const value = dictionary[index];
    if (value === undefined)
      throw new DataError(`a dictionary of ${dictionary.length} values is asked for number ${index}`);
    return value;
  });
}

function plain(data: Buffer, type: string, length: number): Value[] {
  const values: Value[] = [];
  let at = 0;
  const take = (size: number): number => {
    if (at + size > data.length) throw new DataError('a page has fewer values than it says');
    at += size;
    return at - size;
  };
  for (let index = 0; index < length; index++)
    if (type === 'INT32') values.push(data.readInt32LE(take(4)));
    else if (type === 'INT64') values.push(Number(data.readBigInt64LE(take(8))));
    else {
      const size = data.readUInt32LE(take(4));
      const start = take(size);
      values.push(data.subarray(start, start + size));
    }
  return values;
}

/** A structure in a page's header. */
function partOf(struct: ThriftStruct, field: number): ThriftStruct {
  const value = struct.get(field);
  if (!(value instanceof Map)) throw new DataError('a page header lacks a part');
  return value;
}

/** A number of a page's header. */
export function countIn(struct: ThriftStruct, field: number): number {
  const value = struct.get(field);
  if (typeof value !== 'number' || value < 0) throw new DataError(`a page header has no count in field ${field}`);
  return value;
}
