import { DataError, ndArray, type NdArray } from '@selfsup/ssl-core';
import { ElementReader } from './element-reader.js';
import { elementBytes, type ElementFormat, memoryBytes } from './element-type.js';
import { openChunked } from './read-chunks.js';

/** Bytes that are read once, in order. */
export interface ByteSource {
  /** For messages. */
  readonly path: string;
  /** Number of bytes where it is known for sure. */
  readonly exactBytes?: number;
  /** Most bytes that can come; keeps a short file from making us allocate what its header claims. */
  readonly maxBytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}

/** What the header of a file with one array says. */
export interface ArrayHeader {
  /** Bytes before the first element. */
  readonly length: number;
  readonly shape: readonly number[];
  readonly format: ElementFormat;
  /** First byte of the shape, for messages. */
  readonly shapeOffset: number;
}

/** A format of files with a header and one array. */
export interface ArrayFileFormat<H extends ArrayHeader> {
  /** @param head all bytes so far; returns undefined when that is not the whole header; throws DataError */
  parse(path: string, head: Uint8Array): H | undefined;
  /** Says how long a header is, in a sentence about a file that ends before. */
  readonly headerSize: string;
  /** Bytes after the array: an error, or none of our business. */
  readonly trailing: 'refuse' | 'ignore';
}

/** Deflate expands at most 1032 times. */
export const maxDeflateRatio = 1032;

/** Four bytes of Zstandard make a block of 128 KiB at most. */
const maxZstdRatio = 2 ** 15;

/** A file, plain or compressed by gzip or Zstandard, as a source. Throws {@link DataError} when it is missing, no file or unreadable. */
export async function fileSource(path: string): Promise<ByteSource> {
  const file = await openChunked(path);
  const chunks = () => file.chunks();
  if (file.compression === 'none') return { path, exactBytes: file.size, maxBytes: file.size, chunks };
  return { path, maxBytes: file.size * (file.compression === 'gzip' ? maxDeflateRatio : maxZstdRatio), chunks };
}

/**
 * Reads a header and the array after it into shared memory; sizes are checked before anything is allocated.
 *
 * @param limit most bytes of the array, in the file and in memory
 * @throws DataError for a source that is truncated, longer than its header says, or beyond the limit
 */
export async function readArray<H extends ArrayHeader>(
  source: ByteSource,
  format: ArrayFileFormat<H>,
  limit: number,
): Promise<{ readonly header: H; readonly array: NdArray }> {
  const { path } = source;
  let head: Uint8Array = new Uint8Array(0);
  let header: H | undefined;
  let reader: ElementReader | undefined;
  /** Bytes seen so far. */
  let offset = 0;
  for await (const chunk of source.chunks()) {
    let rest = chunk;
    const begin = offset;
    offset += chunk.length;
    if (header === undefined) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      header = format.parse(path, head);
      if (header === undefined) continue;
      checkSize(source, header, format, limit);
      reader = new ElementReader(header.format, countOf(header.shape), { path, offset: header.length });
      rest = head.subarray(Math.min(header.length, head.length));
    } else if (begin < header.length) {
      // Still in what lies between the header and the array.
      rest = chunk.subarray(Math.min(header.length - begin, chunk.length));
    }
    const expected = reader!.missing;
    if (rest.length > expected && format.trailing === 'refuse') throw oversized(path, header, `at least ${offset}`);
    reader!.push(rest.subarray(0, expected));
    if (rest.length > expected) break;
  }
  if (header === undefined)
    throw new DataError(`header ends after ${offset} bytes; ${format.headerSize}; fetch the file again`, {
      path,
      offset,
    });
  if (reader!.missing > 0 || offset < header.length) throw truncated(path, header, offset);
  return { header, array: ndArray(reader!.data, header.shape) };
}

function checkSize(source: ByteSource, header: ArrayHeader, format: { trailing: string }, limit: number): void {
  const { path, exactBytes, maxBytes } = source;
  const bytes = countOf(header.shape) * Math.max(elementBytes[header.format.type], memoryBytes(header.format));
  // Written so that NaN, the product of infinity and 0, is refused too.
  if (!(bytes <= limit)) {
    throw new DataError(
      `header announces ${bytes} bytes of data ([${header.shape.join(', ')}]), the limit is ${limit}; raise maxBytes if the file is right`,
      { path, offset: header.shapeOffset },
    );
  }
  const expected = fileBytes(header);
  if (exactBytes !== undefined && exactBytes < expected) throw truncated(path, header, exactBytes);
  if (maxBytes < expected) throw truncated(path, header, undefined);
  if (exactBytes !== undefined && exactBytes > expected && format.trailing === 'refuse')
    throw oversized(path, header, String(exactBytes));
}

function truncated(path: string, header: ArrayHeader, actual: number | undefined): DataError {
  const found = actual === undefined ? 'the compressed file is too short for that' : `found ${actual}`;
  return new DataError(
    `truncated: expected ${fileBytes(header)} bytes for shape [${header.shape.join(', ')}], ${found}; fetch the file again`,
    { path, ...(actual === undefined ? {} : { offset: actual }) },
  );
}

function oversized(path: string, header: ArrayHeader, actual: string): DataError {
  const expected = fileBytes(header);
  return new DataError(
    `longer than its header says: expected ${expected} bytes for shape [${header.shape.join(', ')}], found ${actual}; fetch the file again`,
    { path, offset: expected },
  );
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function fileBytes({ length, shape, format }: ArrayHeader): number {
  return length + countOf(shape) * elementBytes[format.type];
}
