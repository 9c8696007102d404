import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { DataError } from 'ssl-core';

const pattern = /\.(?:nii|nii\.gz|npy)$/i;

/**
 * Paths of all volumes under a folder, relative to it with `/`, sorted by code unit (the same on every machine). Hidden
 * files and folders are passed over, links to folders are not followed.
 *
 * @throws DataError for a folder that is missing or holds no volume, and for a link that leads out of it
 */
export async function listVolumeFiles(root: string): Promise<string[]> {
  let top: string;
  const found: string[] = [];
  try {
    top = await realpath(root);
    if (!(await stat(top)).isDirectory())
      throw new DataError('is not a folder; give the folder that holds the volumes', { path: root });
    for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
      const path = relative(top, join(entry.parentPath, entry.name)).split(sep).join('/');
      if (!pattern.test(entry.name) || /(?:^|\/)\./.test(path)) continue;
      if (entry.isFile() || (entry.isSymbolicLink() && (await isFileWithin(top, path)))) found.push(path);
    }
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DataError(
      missing ? 'no such file or folder; check the path' : `cannot be read: ${(cause as Error).message}`,
      { path: root, cause },
    );
  }
  if (found.length === 0)
    throw new DataError('holds no volumes; looked for .nii .nii.gz .npy here and in sub-folders', { path: root });
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

async function isFileWithin(top: string, path: string): Promise<boolean> {
  const real = await realpath(join(top, path));
  if (!real.startsWith(top + sep))
    throw new DataError(`is a link that leads out of the data folder, to ${real}; copy the files instead`, {
      path: join(top, path),
    });
  return (await stat(real)).isFile();
}
