import { checkOptions, DataError, type NdArray, type OptionNames } from '@selfsup/ssl-core';
import { openNpyOptionNames, type OpenNpyOptions, readNpy } from './open-npy.js';
import { readZipDirectory, type ZipMember } from './zip-directory.js';

export interface OpenNpzOptions extends OpenNpyOptions {
  /** Most files in the archive. Default 10,000. */
  readonly maxArrays?: number;
}

const openNpzOptionNames: OptionNames<OpenNpzOptions> = {
  ...openNpyOptionNames,
  maxArrays: 'optionalNumber',
};

/** Arrays of an .npz file, each read when asked for. */
export interface Npz {
  /** Names of the arrays, in the order of the file. */
  readonly names: readonly string[];
  /**
   * Reads one array, as `openNpy` does.
   *
   * @throws DataError for an unknown name and all that `openNpy` refuses; `path` of the error is `file.npz:name.npy`
   */
  get(name: string): Promise<NdArray>;
}

/**
 * Opens NumPy's .npz file, a zip archive of .npy files (`np.savez` and `np.savez_compressed`; stored or deflated, zip64).
 *
 * Only the directory is read; nothing stays open, nothing is written. Checksums are verified. `maxBytes` holds for each
 * array, so that a small archive cannot unfold into more than that.
 *
 * @param path file
 * @throws DataError for a file that is missing, no zip archive or damaged, for two arrays of one name, and for more
 *   files than `maxArrays`
 * Source: NumPy, `numpy.savez`.
 */
export async function openNpz(path: string, options: OpenNpzOptions = {}): Promise<Npz> {
  checkOptions('openNpz', options, openNpzOptionNames);
  const { maxArrays = 10_000, ...reading } = options;
  const members = new Map<string, ZipMember>();
  for (const member of await readZipDirectory(path, (name) => name.endsWith('.npy'), maxArrays)) {
    const name = member.name.slice(0, -'.npy'.length);
    if (members.has(name)) throw new DataError(`holds two arrays named '${name}'; save it again`, { path });
    members.set(name, member);
  }
  const names = [...members.keys()];
  return {
    names,
    async get(name) {
      const member = members.get(name);
      if (member === undefined) throw new DataError(`has no array '${name}'; ${holdsText(names)}`, { path });
      return readNpy(member.source(), reading);
    },
  };
}

/** What an archive holds, in a phrase. */
export function holdsText(names: readonly string[]): string {
  return names.length === 0 ? 'it holds no arrays, so write it anew with np.savez' : `it has ${names.join(', ')}`;
}
