import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and its parents. One by one, because `mkdir` with `recursive` tells of a parent that is missing where
 * the file system is read-only.
 *
 * @throws the file system's error
 */
export async function makeDirectory(directory: string): Promise<void> {
  const path = resolve(directory);
  try {
    await mkdir(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory() === true) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw cause;
    await makeDirectory(dirname(path));
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
