import { DataError } from '@selfsup/ssl-core';
import { stringAt } from '../dataset/string-table.js';
import { FilePool } from '../webdataset/file-pool.js';
import { arrangeSamples } from './arrange-samples.js';
import { indexLmdb } from './index-lmdb.js';
import { checksumKey } from './metadata-checksum.js';
import { readRecord } from './read-record.js';

const maxEntries = 2 ** 25;
const maxValueBytes = 2 ** 28;

/**
 * Whether a database is as `packLmdb` wrote it: it has the checksum of its keys and records about the data, and that is
 * right. What another program wrote, or added to, is somebody's.
 */
export async function isOwnDatabase(file: string): Promise<boolean> {
  const files = new FilePool();
  try {
    const records = await indexLmdb(file, files, maxEntries);
    const keys = Array.from(records.sizes, (_, index) => stringAt(records.keys, index));
    if (!keys.includes(checksumKey)) return false;
    const read = (index: number, name: string): Promise<Uint8Array> =>
      readRecord(records, index, name, files, maxValueBytes);
    await arrangeSamples(records, read, { keyPrefix: '', labels: 'none', given: undefined, allowEmpty: true });
    return true;
  } catch (error) {
    if (DataError.isInstance(error)) return false;
    throw error;
  } finally {
    await files.close();
  }
}
