import { DataError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';

/**
 * A whole file as it is.
 *
 * @throws DataError when it is missing, no regular file, larger than `maxBytes` or cannot be read
 */
export async function readWhole(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openRegularFile(path, { maxBytes });
  try {
    return await file.readFile();
  } catch (cause) {
    throw new DataError(`cannot be read: ${(cause as Error).message}`, { path, cause });
  } finally {
    await file.close();
  }
}
