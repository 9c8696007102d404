import { closeSync, constants, fstatSync, open, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { DataError } from 'ssl-core';
import { formatBytes } from './image-format.js';
import type { BytesAt } from './tiff-structure.js';

/** Bytes of a file that is read here; a larger one is read by the decoder, piece by piece. */
const maxWholeBytes = 2 ** 25;

const openFile = promisify(open);
const readFile = promisify(read);

/** Milliseconds that opening and reading may take in the calling thread. What the system holds takes some 0.05. */
const slowRead = 0.5;
/** Milliseconds for which files are read by other threads, several at a time, after one that took longer. */
const slowSpell = 1000;
const storage = { slowUntil: 0 };

/** Does not wait for a writer, as opening a pipe would. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * A file's bytes, or of a large one the first, which show its format.
 *
 * A worker reads by itself while the storage answers at once: a change of threads takes as long as reading a photo that
 * the system holds. Storage that answers no more then blocks the worker, which its loader notices.
 *
 * @throws DataError for what is no regular file
 */
export async function readImageFile(path: string): Promise<{ readonly bytes: Uint8Array; readonly whole: boolean }> {
  const start = performance.now();
  const here = !isMainThread && start >= storage.slowUntil;
  const file = here ? openSync(path, flags) : await openFile(path, flags);
  try {
    const status = fstatSync(file);
    if (!status.isFile())
      throw new DataError(`is a ${status.isDirectory() ? 'folder' : 'pipe or device'}, not a file; remove it`, {
        path,
      });
    const { size } = status;
    const whole = size <= maxWholeBytes;
    const buffer = Buffer.allocUnsafeSlow(whole ? size : formatBytes);
    let length = 0;
    for (let count = 1; count > 0 && length < buffer.length; length += count) {
      const place = [file, buffer, length, buffer.length - length, length] as const;
      count = here ? readSync(...place) : (await readFile(...place)).bytesRead;
    }
    if (here && performance.now() - start > slowRead) storage.slowUntil = performance.now() + slowSpell;
    return { bytes: buffer.subarray(0, length), whole };
  } finally {
    closeSync(file);
  }
}

/** All bytes of a file that only this program's own decoders read. */
export async function readLargeFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openFile(path, flags);
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.min(fstatSync(file).size, maxBytes));
    let length = 0;
    for (let count = 1; count > 0 && length < buffer.length; length += count)
      count = (await readFile(file, buffer, length, buffer.length - length, length)).bytesRead;
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Gives parts of a file, or of bytes in memory. */
export function partsOf(source: string | Uint8Array): BytesAt {
  if (typeof source !== 'string') return async (offset, length) => source.subarray(offset, offset + length);
  return async (offset, length) => {
    const file = await openFile(source, flags);
    try {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await readFile(file, buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      closeSync(file);
    }
  };
}
