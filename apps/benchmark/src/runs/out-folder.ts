import { lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { describeFileError } from '@selfsup/ssl-core/files';

const where = 'ssl-benchmark';

/**
 * Makes a folder to write to, or checks the one that is there.
 *
 * @returns names in it, without those of locks and of files that are being written
 * @throws InvalidOptionError for a file, a link, the root, a home or a repository; DataError where it cannot be made
 */
export async function openOutFolder(folder: string): Promise<readonly string[]> {
  const refuse = (actual: string): never => {
    throw new InvalidOptionError(
      where,
      '--out',
      'a folder for this run alone, such as runs/first',
      `${folder}, ${actual}`,
    );
  };
  try {
    const found = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found?.isSymbolicLink() === true) {
      const target = await realpath(folder).catch(() => undefined);
      refuse(target === undefined ? 'a link to nothing' : `a link; give the folder itself, ${target}`);
    }
    if (found !== undefined && !found.isDirectory()) refuse('which is no folder');
    if (path.dirname(folder) === folder) refuse('the root of all folders');
    if (path.relative(homedir(), folder) === '') refuse('the home folder');
    if (found === undefined) await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    if (names.includes('.git')) refuse('a repository');
    return names.filter((name) => !/^\.ssl-lock(?:\.takeover)*$/.test(name) && !/-[0-9a-f]{16}\.tmp$/.test(name));
  } catch (cause) {
    if (InvalidOptionError.isInstance(cause)) throw cause;
    throw new DataError(`cannot be used as the run's folder: ${describeFileError(cause)}`, { path: folder, cause });
  }
}
