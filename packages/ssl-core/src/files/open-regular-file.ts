import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { checkPath } from './check-path.js';
import { DataError } from '../errors/data-error.js';
import { describeFileError } from './describe-file-error.js';
import type { OptionNames } from '../options/option-names.js';
import { checkOptions } from '../options/check-options.js';

export interface OpenRegularFileOptions {
  /** Bytes at most. Default: no bound. */
  readonly maxBytes?: number;
}

const openRegularFileOptionNames: OptionNames<OpenRegularFileOptions> = {
  maxBytes: 'optionalNumber',
};

/**
 * Opens a file for reading. Neither the call nor a later read waits for another program: a pipe, a socket or a device is
 * refused, by a look at what was opened, not at a name that may change in between.
 *
 * @returns the handle; its caller closes it
 * @throws InvalidOptionError for what is no path, see `checkPath`; DataError when there is none, it is no regular file, it has more than `maxBytes`, or it cannot be read
 */
export async function openRegularFile(path: string, options: OpenRegularFileOptions = {}): Promise<FileHandle> {
  const { maxBytes } = checkOptions('openRegularFile', options, openRegularFileOptionNames);
  checkPath('openRegularFile', 'path', path);
  let file: FileHandle;
  try {
    // Windows has no O_NONBLOCK, and no pipes among files.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    // A socket cannot be opened at all.
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENXIO' || code === 'EOPNOTSUPP')
      throw new DataError(`is a socket, not a file; leave it out`, { path, cause });
    if (code === 'ENOENT') throw new DataError('no such file (ENOENT); check the path', { path, cause });
    throw new DataError(`cannot be read: ${describeFileError(cause)}`, { path, cause });
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new DataError(`is ${kindOf(stats)}, not a file; leave it out`, { path });
    if (maxBytes !== undefined && stats.size > maxBytes)
      throw new DataError(`has ${stats.size} bytes, more than the limit of ${maxBytes}`, { path, offset: maxBytes });
    return file;
  } catch (error) {
    await file.close();
    if (DataError.isInstance(error)) throw error;
    throw new DataError(`cannot be read: ${describeFileError(error)}`, { path, cause: error });
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
