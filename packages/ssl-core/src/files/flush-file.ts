import { fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const flush = promisify(fsync);

/**
 * Waits until a file's bytes are on the disk. By its number: the handles that Yarn's Plug'n'Play puts in place of Node's
 * have no `sync()`.
 */
export async function flushFile(file: Pick<FileHandle, 'fd'>): Promise<void> {
  await flush(file.fd);
}
