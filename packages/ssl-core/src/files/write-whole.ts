import { dirname } from 'node:path';
import { DataError } from '../errors/data-error.js';
import { SslError } from '../errors/ssl-error.js';
import { checkPath } from './check-path.js';
import { describeFileError } from './describe-file-error.js';
import { makeFolder } from './make-folder.js';
import { WholeFile } from './whole-file.js';
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

/**
 * Writes a file so that its path never holds half of it: under a temporary name beside it, flushed to the disk, renamed.
 *
 * @throws InvalidOptionError for what is no path, see `checkPath`; DataError when the folder is missing or not writable, or the disk is full: the old file then remains. What
 * `parts` throws is thrown as it is
 */
export async function writeWhole(path: string, parts: FileParts, options: WriteWholeOptions = {}): Promise<void> {
  checkOptions('writeWhole', options, writeWholeOptionNames);
  checkPath('writeWhole', 'path', path);
  const single = typeof parts === 'string' || parts instanceof Uint8Array;
  let file: WholeFile | undefined;
  try {
    if (options.makeFolder === true) await makeFolder(dirname(path));
    file = await WholeFile.create(path);
    for await (const part of single ? [parts] : parts)
      await file.write(typeof part === 'string' ? Buffer.from(part) : part);
    await file.finish();
  } catch (cause) {
    await file?.discard();
    if (SslError.isInstance(cause) || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new DataError(`cannot be written: ${describeFileError(cause)}`, { path, cause });
  }
}
