import { closeSync, open, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { DataError } from '@selfsup/ssl-core';
import { readWithoutWaiting, regularStats } from '../io/regular-descriptor.js';
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

/** Nobody has larger pictures; sparse files may claim any size. */
const maxFileBytes = 2 ** 32;

/**
 * A file's bytes, or of a large one the first, which show its format.
 *
 * A worker reads by itself while the storage answers at once: a change of threads takes as long as reading a photo that
 * the system holds. Storage that answers no more then blocks the worker, which its loader notices.
 *
 * @throws DataError for what is no regular file, and for one of more than 4 GiB
 */
export async function readImageFile(path: string): Promise<{ readonly bytes: Uint8Array; readonly whole: boolean }> {
  const start = performance.now();
  const here = !isMainThread && start >= storage.slowUntil;
  const file = here ? openSync(path, readWithoutWaiting) : await openFile(path, readWithoutWaiting);
  try {
    const { size } = regularStats(file, path);
    if (size > maxFileBytes)
      throw new DataError(`has ${size} bytes, more than any image (${maxFileBytes}); leave it out`, { path });
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
  const file = await openFile(path, readWithoutWaiting);
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.min(regularStats(file, path).size, maxBytes));
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
    const file = await openFile(source, readWithoutWaiting);
    try {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await readFile(file, buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      closeSync(file);
    }
  };
}
