import { DataError } from '@selfsup/ssl-core';
import { type ColumnChunk, countIn, PageDecoder, type Value } from './page-decoder.js';
import { readThrift } from './read-thrift.js';

/**
 * Values of a column chunk without repetition; byte arrays are windows on the pages.
 *
 * @param rows that it must have
 * @param maxBytes of all its pages after decompression
 * @throws DataError
 */
export function readColumnChunk(
  bytes: Buffer,
  chunk: ColumnChunk,
  rows: number,
  maxBytes: number,
): (Value | undefined)[] {
  const values: (Value | undefined)[] = [];
  const pages = new PageDecoder(chunk, rows, { maxRows: rows, maxBytes });
  let total = 0;
  for (let at = 0; pages.left > 0;) {
    const { value: header, end } = readThrift(bytes, at);
    const storedBytes = countIn(header, 3);
    if (storedBytes > bytes.length - end) throw new DataError('a page is longer than its column');
    total += countIn(header, 2);
    if (total > maxBytes)
      throw new DataError(
        `a row group has more than maxRowGroupBytes (${maxBytes}); raise it, or write the file anew with row groups of 100 images`,
      );
    at = end + storedBytes;
    for (const value of pages.decode(header, bytes.subarray(end, at))) values.push(value);
  }
  return values;
}
