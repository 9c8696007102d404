import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkPath } from './check-path.js';

/**
 * Makes a folder and its parents where they are missing. One by one, because `mkdir` with `recursive` tells of a missing
 * folder (ENOENT) where the file system is read-only (EROFS).
 *
 * @throws InvalidOptionError for what is no path, see `checkPath`; the file system's error, see `describeFileError`
 */
export async function makeFolder(folder: string): Promise<void> {
  checkPath('makeFolder', 'folder', folder);
  const path = resolve(folder);
  try {
    await mkdir(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory() === true) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw cause;
    await makeFolder(dirname(path));
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
