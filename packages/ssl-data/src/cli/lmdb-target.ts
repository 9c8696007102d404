import { packLmdb } from '../lmdb/pack-lmdb.js';
import type { PackTarget } from './pack-target.js';

/** An LMDB database, as Python's `lmdb` reads it. */
export const lmdbTarget: PackTarget = {
  options: ['format', 'quality'],
  async pack(dataset, out, { overwrite, encode, onProgress }) {
    const { samples, bytes, path } = await packLmdb(dataset, out, {
      overwrite,
      onProgress,
      ...(encode === undefined ? {} : { encode }),
    });
    return { samples, bytes, files: [path] };
  },
};
