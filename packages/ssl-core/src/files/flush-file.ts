import { fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

const flush = (file: number): Promise<void> =>
  new Promise((resolve, reject) => fsync(file, (error) => (error === null ? resolve() : reject(error))));

/**
 * Waits until a file's bytes are on the disk. By its number: the handles that Yarn's Plug'n'Play puts in place of Node's
 * have no `sync()`.
 */
export async function flushFile(file: Pick<FileHandle, 'fd'>): Promise<void> {
  await flush(file.fd);
}
