import { checkOptions, DataError, type NdArray, type OptionNames } from '@selfsup/ssl-core';
import type { ElementType } from './element-type.js';
import { type ArrayFileFormat, type ArrayHeader, fileSource, readArray } from './read-array.js';

export interface OpenIdxOptions {
  /** Largest number of bytes of data, in the file and in memory, that is accepted. Default 2 GiB. */
  readonly maxBytes?: number;
}

/** Names of {@link OpenIdxOptions}. */
export const openIdxOptionNames: OptionNames<OpenIdxOptions> = {
  maxBytes: 'optionalNumber',
};

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

/**
 * Reads an IDX file (the format of MNIST and its relatives), plain or gzip-compressed.
 *
 * Header: two zero bytes, element type (0x08 uint8, 0x09 int8, 0x0b int16, 0x0c int32, 0x0d float32, 0x0e float64),
 * rank, then one big-endian 32-bit size per axis. The size on disk is checked before anything is allocated. The data lie
 * in shared memory: uint8 as it is, other integers as int32, reals as float32.
 *
 * @param path file
 * @returns the array in the shape of the header
 * @throws DataError for a file that is missing, no IDX file, truncated, longer than its header says, or beyond
 *   `maxBytes`, and for a float64 beyond float32
 * Source: http://yann.lecun.com/exdb/mnist/, 'the IDX file format'.
 */
export async function openIdx(path: string, options: OpenIdxOptions = {}): Promise<NdArray> {
  checkOptions('openIdx', options, openIdxOptionNames);
  const { maxBytes = 2 ** 31 } = options;
  return (await readArray(await fileSource(path), idxFormat, maxBytes)).array;
}

const idxFormat: ArrayFileFormat<ArrayHeader> = {
  headerSize: 'an IDX file has at least 4 bytes and 4 more per axis',
  trailing: 'refuse',
  parse(path, head) {
    if (head.length < 4) return undefined;
    const type = elementTypes.get(head[2]!);
    const rank = head[3]!;
    if (head[0] !== 0 || head[1] !== 0) {
      throw new DataError(
        `not an IDX file: it starts with 0x${hex(head[0]!)}${hex(head[1]!)}, an IDX file with 0x0000; check that the path names the data file`,
        { path, offset: 0 },
      );
    }
    if (type === undefined)
      throw new DataError(
        `element type 0x${hex(head[2]!)} is not supported; expected ${[...elementTypes].map(([code, name]) => `0x${hex(code)} (${name})`).join(', ')}`,
        { path, offset: 2 },
      );
    if (rank === 0) throw new DataError('rank is 0; an IDX file has at least one axis', { path, offset: 3 });
    const length = 4 + 4 * rank;
    if (head.length < length) return undefined;
    const view = new DataView(head.buffer, head.byteOffset, length);
    const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
    return { length, shape, shapeOffset: 4, format: { type, littleEndian: false } };
  },
};

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
