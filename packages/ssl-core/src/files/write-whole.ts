import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataError } from '../errors/data-error.js';
import { SslError } from '../errors/ssl-error.js';
import { checkPath } from './check-path.js';
import { describeFileError } from './describe-file-error.js';
import { flushFile } from './flush-file.js';
import { makeFolder } from './make-folder.js';
import { temporaryName } from './temporary-name.js';
import type { OptionNames } from '../options/option-names.js';
import { checkOptions } from '../options/check-options.js';

/** The content of a file: one part, or parts in order. Text is written as UTF-8. */
export type FileParts = Uint8Array | string | Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

export interface WriteWholeOptions {
  /** Make the folder where it is not there. Default false. */
  readonly makeFolder?: boolean;
}

const writeWholeOptionNames: OptionNames<WriteWholeOptions> = {
  makeFolder: 'optionalFlag',
};

/** Bytes of one write: some systems refuse more than 2 GiB at once. */
const writeBytes = 2 ** 30;

/**
 * Writes a file so that its path never holds half of it: under a temporary name beside it, flushed to the disk, renamed.
 *
 * @throws InvalidOptionError for what is no path, see `checkPath`; DataError when the folder is missing or not writable, or the disk is full: the old file then remains. What
 * `parts` throws is thrown as it is
 */
export async function writeWhole(path: string, parts: FileParts, options: WriteWholeOptions = {}): Promise<void> {
  checkOptions('writeWhole', options, writeWholeOptionNames);
  checkPath('writeWhole', 'path', path);
  const temporary = temporaryName(path);
  const single = typeof parts === 'string' || parts instanceof Uint8Array;
  try {
    if (options.makeFolder === true) await makeFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      for await (const part of single ? [parts] : parts) {
        const bytes = typeof part === 'string' ? Buffer.from(part) : part;
        for (let written = 0; written < bytes.length;)
          written += (await file.write(bytes, written, Math.min(bytes.length - written, writeBytes))).bytesWritten;
      }
      await flushFile(file);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (SslError.isInstance(cause) || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new DataError(`cannot be written: ${describeFileError(cause)}`, { path, cause });
  }
  // The rename itself lasts only once the folder is flushed; not every file system lets one open it.
  const folder = await open(dirname(path), 'r').catch(() => undefined);
  if (folder !== undefined) await flushFile(folder).catch(() => undefined);
  await folder?.close();
}
