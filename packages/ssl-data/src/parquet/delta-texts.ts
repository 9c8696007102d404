import { DataError } from '@selfsup/ssl-core';
import { deltaLengths } from './delta-lengths.js';

/**
 * Byte arrays whose lengths stand before them all.
 *
 * @throws DataError
 * Source: Parquet format, Encodings.md, DELTA_LENGTH_BYTE_ARRAY = 6.
 */
export function deltaLengthTexts(data: Buffer, count: number): Buffer[] {
  const { values: lengths, end } = deltaLengths(data, count);
  const texts: Buffer[] = [];
  let at = end;
  for (const length of lengths) {
    if (length < 0 || at + length > data.length) throw new DataError('a page has fewer values than it says');
    texts.push(data.subarray(at, at + length));
    at += length;
  }
  return texts;
}

/**
 * Byte arrays that begin as the one before them.
 *
 * @param maxBytes of all of them
 * @throws DataError
 * Source: Parquet format, Encodings.md, DELTA_BYTE_ARRAY = 7.
 */
export function deltaTexts(data: Buffer, count: number, maxBytes: number): Buffer[] {
  const { values: shared, end } = deltaLengths(data, count);
  let last: Buffer = Buffer.alloc(0);
  let bytes = 0;
  return deltaLengthTexts(data.subarray(end), count).map((rest, index) => {
    const length = shared[index]!;
    if (length < 0 || length > last.length)
      throw new DataError('a value shares more with the one before it than that has');
    bytes += length + rest.length;
    // A few bytes can stand for the square of their number.
    if (bytes > maxBytes) throw new DataError(`the values of a page have more than ${maxBytes} bytes`);
    last = length === 0 ? rest : Buffer.concat([last.subarray(0, length), rest]);
    return last;
  });
}
