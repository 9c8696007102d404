import type { NdArray, NdData } from 'ssl-tensor/host';
import { DataError, ndArray } from 'ssl-tensor/host';
import { type ChunkedFile, openChunked } from './read-chunks.js';

export interface OpenIdxOptions {
  /** Largest number of data bytes that is accepted. Default 2 GiB. */
  readonly maxBytes?: number;
}

const elementBytes: Readonly<Record<number, number>> = { 0x08: 1, 0x0c: 4, 0x0d: 4 };

/**
 * Reads an IDX file (the format of MNIST and its relatives), plain or gzip-compressed.
 *
 * Header: two zero bytes, element type (0x08 uint8, 0x0c int32, 0x0d float32), rank, then one big-endian 32-bit size
 * per axis. The size on disk is checked before anything is allocated. The data lie in shared memory.
 *
 * @param path file
 * @returns the array in the shape of the header
 * @throws DataError for a file that is missing, no IDX file, truncated, longer than its header says, or beyond `maxBytes`
 * Source: http://yann.lecun.com/exdb/mnist/, 'the IDX file format'.
 */
export async function openIdx(path: string, options: OpenIdxOptions = {}): Promise<NdArray> {
  const { maxBytes = 2 ** 31 } = options;
  const file = await openChunked(path);
  const head = new Uint8Array(4 + 4 * 255);
  let header: Header | undefined;
  let data: Uint8Array | undefined;
  let offset = 0;
  for await (const chunk of file.chunks()) {
    let from = 0;
    if (header === undefined) {
      const share = chunk.subarray(0, head.length - Math.min(offset, head.length));
      head.set(share, offset);
      header = parseHeader(path, head, offset + share.length);
      if (header === undefined) {
        offset += share.length;
        continue;
      }
      checkSize(path, file, header, maxBytes);
      data = new Uint8Array(new SharedArrayBuffer(header.dataBytes));
      from = header.length - offset;
      offset = header.length;
    }
    const end = header.length + header.dataBytes;
    const rest = chunk.subarray(from);
    if (offset + rest.length > end) throw oversized(path, header, `at least ${offset + rest.length}`);
    data!.set(rest, offset - header.length);
    offset += rest.length;
  }
  if (header === undefined)
    throw new DataError(
      `header ends after ${offset} bytes; an IDX file has at least 4 bytes and 4 more per axis; fetch the file again`,
      { path, offset },
    );
  if (offset < header.length + header.dataBytes) throw truncated(path, header, offset);
  return ndArray(typed(data!, header.type), header.shape);
}

interface Header {
  readonly type: number;
  readonly shape: readonly number[];
  /** Bytes before the data. */
  readonly length: number;
  readonly dataBytes: number;
}

function parseHeader(path: string, head: Uint8Array, available: number): Header | undefined {
  if (available < 4) return undefined;
  const type = head[2]!;
  const rank = head[3]!;
  const size = elementBytes[type];
  if (head[0] !== 0 || head[1] !== 0) {
    throw new DataError(
      `not an IDX file: it starts with 0x${hex(head[0]!)}${hex(head[1]!)}, an IDX file with 0x0000; check that the path names the data file`,
      { path, offset: 0 },
    );
  }
  if (size === undefined)
    throw new DataError(
      `element type 0x${hex(type)} is not supported; expected 0x08 (uint8), 0x0c (int32) or 0x0d (float32)`,
      { path, offset: 2 },
    );
  if (rank === 0) throw new DataError('rank is 0; an IDX file has at least one axis', { path, offset: 3 });
  const length = 4 + 4 * rank;
  if (available < length) return undefined;
  const view = new DataView(head.buffer);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { type, shape, length, dataBytes: shape.reduce((product, side) => product * side, size) };
}

function checkSize(path: string, file: ChunkedFile, header: Header, maxBytes: number): void {
  if (!(header.dataBytes <= maxBytes)) {
    throw new DataError(
      `header announces ${header.dataBytes} bytes of data ([${header.shape.join(', ')}]), the limit is ${maxBytes}; raise maxBytes if the file is right`,
      { path, offset: 4 },
    );
  }
  const expected = header.length + header.dataBytes;
  // Deflate expands at most 1032 times, so that a short file cannot make us allocate its header's claim.
  if (file.gzip ? file.size * 1032 < expected : file.size < expected)
    throw truncated(path, header, file.gzip ? undefined : file.size);
  if (!file.gzip && file.size > expected) throw oversized(path, header, String(file.size));
}

function truncated(path: string, header: Header, actual: number | undefined): DataError {
  const found = actual === undefined ? 'the compressed file is too short for that' : `found ${actual}`;
  return new DataError(
    `truncated: expected ${header.length + header.dataBytes} bytes for shape [${header.shape.join(', ')}], ${found}; fetch the file again`,
    {
      path,
      ...(actual === undefined ? {} : { offset: actual }),
    },
  );
}

function oversized(path: string, header: Header, actual: string): DataError {
  const expected = header.length + header.dataBytes;
  return new DataError(
    `longer than its header says: expected ${expected} bytes for shape [${header.shape.join(', ')}], found ${actual}; fetch the file again`,
    { path, offset: expected },
  );
}

function typed(bytes: Uint8Array, type: number): NdData {
  if (type === 0x08) return bytes;
  // Elements are big-endian.
  const view = new DataView(bytes.buffer);
  const count = bytes.length / 4;
  if (type === 0x0c) {
    const values = new Int32Array(bytes.buffer);
    for (let i = 0; i < count; i++) values[i] = view.getInt32(i * 4);
    return values;
  }
  const values = new Float32Array(bytes.buffer);
  for (let i = 0; i < count; i++) values[i] = view.getFloat32(i * 4);
  return values;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
