import { DataError } from '@selfsup/ssl-core';
import type { FilePool } from '../webdataset/file-pool.js';
import type { LmdbRecords } from './index-lmdb.js';
import { asBuffer, damaged, pageFlags, pageHeaderBytes, readUint64 } from './lmdb-format.js';

/**
 * The value of record `index`.
 *
 * @throws DataError when it is larger than `maxBytes`, or the file has changed or is damaged
 */
export async function readRecord(
  records: Omit<LmdbRecords, 'keys'>,
  index: number,
  name: string,
  files: FilePool,
  maxBytes: number,
): Promise<Uint8Array> {
  const { path, fileBytes, pageBytes, offsets, sizes } = records;
  const [offset, size] = [offsets[index]!, sizes[index]!];
  if (size > maxBytes)
    throw new DataError(`'${name}' has ${size} bytes, more than maxSampleBytes (${maxBytes})`, { path, offset });
  // An empty value at the end of its page lies where the next page begins.
  if (size === 0) return new Uint8Array(0);
  if (offset % pageBytes !== 0) return files.read(path, fileBytes, offset, size);
  const bytes = asBuffer(await files.read(path, fileBytes, offset, pageHeaderBytes + size));
  const isOverflow = (bytes.readUInt16LE(10) & pageFlags.overflow) !== 0;
  const enough = bytes.readUInt32LE(12) * pageBytes >= pageHeaderBytes + size;
  if (!isOverflow || !enough || readUint64(bytes, 0) !== offset / pageBytes)
    throw damaged(`'${name}' is not where the index says, or was written to since the opening`, path, offset);
  return bytes.subarray(pageHeaderBytes);
}
