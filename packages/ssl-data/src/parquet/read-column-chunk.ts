import { DataError } from '@selfsup/ssl-core';
import { decompressPage } from './decompress-page.js';
import { readThrift, type ThriftStruct } from './read-thrift.js';
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

type Value = Uint8Array | number;

const pageTypes = { data: 0, dictionary: 2, dataV2: 3 } as const;
const encodings = { plain: 0, plainDictionary: 2, rle: 3, rleDictionary: 8 } as const;

/**
 * Values of a column chunk without repetition; byte arrays are windows on the pages.
 *
 * @param rows that it must have
 * @param maxBytes of all its pages after decompression
 * @throws DataError
 * Source: Parquet format, README.md (data pages) and Encodings.md; pages of versions 1 and 2.
 */
export function readColumnChunk(
  bytes: Buffer,
  { codec, type, maxLevel }: ColumnChunk,
  rows: number,
  maxBytes: number,
): (Value | undefined)[] {
  const values: (Value | undefined)[] = [];
  let dictionary: Value[] | undefined;
  let total = 0;
  for (let at = 0; values.length < rows;) {
    const { value: header, end } = readThrift(bytes, at);
    const rawBytes = count(header, 2);
    const storedBytes = count(header, 3);
    if (storedBytes > bytes.length - end) throw new DataError('a page is longer than its column');
    total += rawBytes;
    if (total > maxBytes)
      throw new DataError(
        `a row group has more than maxRowGroupBytes (${maxBytes}); raise it, or write the file anew with row groups of 100 images`,
      );
    const stored = bytes.subarray(end, end + storedBytes);
    at = end + storedBytes;
    const pageType = header.get(1);
    if (pageType === pageTypes.dictionary) {
      const page = decompressPage(stored, codec, rawBytes);
      dictionary = plain(page, type, count(part(header, 7), 1));
    } else if (pageType === pageTypes.data || pageType === pageTypes.dataV2) {
      const isV2 = pageType === pageTypes.dataV2;
      const about = part(header, isV2 ? 8 : 5);
      const pageRows = count(about, 1);
      if (pageRows > rows - values.length) throw new DataError('pages have more rows than their row group');
      const { levels, data } = isV2
        ? splitV2(stored, about, codec, rawBytes, maxLevel, pageRows)
        : splitV1(decompressPage(stored, codec, rawBytes), about, maxLevel, pageRows);
      const present = levels === undefined ? pageRows : levels.filter((level) => level === maxLevel).length;
      const found = decode(data, count(about, isV2 ? 4 : 2), type, present, dictionary);
      let next = 0;
      for (let row = 0; row < pageRows; row++)
        values.push(levels === undefined || levels[row] === maxLevel ? found[next++] : undefined);
    }
  }
  return values;
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
  const length = count(about, 5);
  if (count(about, 6) !== 0) throw new DataError('a page has repetition levels, but the column has no lists');
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

function part(struct: ThriftStruct, field: number): ThriftStruct {
  const value = struct.get(field);
  if (!(value instanceof Map)) throw new DataError('a page header lacks a part');
  return value;
}

function count(struct: ThriftStruct, field: number): number {
  const value = struct.get(field);
  if (typeof value !== 'number' || value < 0) throw new DataError(`a page header has no count in field ${field}`);
  return value;
}
