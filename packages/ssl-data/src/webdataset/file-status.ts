import { stat } from 'node:fs/promises';
import { DataError } from '@selfsup/ssl-core';
import { fileError } from './file-pool.js';

/** Size of a file and time of its last change, ms; throws {@link DataError} when it is missing or no file. */
export async function fileStatus(path: string): Promise<{ readonly size: number; readonly modified: number }> {
  try {
    const status = await stat(path);
    if (!status.isFile())
      throw new DataError(
        `is not a file but ${status.isDirectory() ? 'a folder' : 'a pipe, socket or device'}; give the path of a file`,
        { path },
      );
    return { size: status.size, modified: status.mtimeMs };
  } catch (cause) {
    throw fileError(path, cause);
  }
}
