import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { DataError } from '@selfsup/ssl-core';
import { readWithoutWaiting, regularStats } from '../io/regular-descriptor.js';
import type { ByteReader } from './byte-reader.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const readFile = promisify(read);

/** Files that stay open at most; a worker thread's own, as is the pool. */
const maxOpen = 16;

interface OpenFile {
  readonly opened: Promise<{ readonly descriptor: number; readonly size: number }>;
  users: number;
}

/** Positional reads from many files, of which the last used stay open. */
export class FilePool {
  readonly #files = new Map<string, OpenFile>();

  /**
   * @param size that the file must have
   * @returns exactly `length` bytes from `offset`
   * @throws DataError when the file is missing, unreadable or of another size
   */
  async read(path: string, size: number, offset: number, length: number): Promise<Uint8Array> {
    const file = this.#acquire(path);
    try {
      const { descriptor, size: found } = await file.opened;
      if (found !== size)
        throw new DataError(`has ${found} bytes, had ${size} when it was indexed; open the data set anew`, { path });
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await readFile(descriptor, bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new DataError('became shorter while it was read', { path, offset: offset + done });
        done += bytesRead;
      }
      return bytes;
    } catch (cause) {
      throw fileError(path, cause, offset);
    } finally {
      file.users--;
      await this.#close(maxOpen);
    }
  }

  /** A file as what reads parts of it wants it. */
  reader(path: string, size: number): ByteReader {
    return { path, size, read: (offset, length) => this.read(path, size, offset, length) };
  }

  /** Closes what is open and not in use. */
  async close(): Promise<void> {
    await this.#close(0);
  }

  #acquire(path: string): OpenFile {
    const file = this.#files.get(path) ?? { opened: this.#open(path), users: 0 };
    // The last used comes last.
    this.#files.delete(path);
    this.#files.set(path, file);
    file.users++;
    return file;
  }

  async #open(path: string): Promise<{ descriptor: number; size: number }> {
    try {
      const descriptor = await openFile(path, readWithoutWaiting);
      try {
        return { descriptor, size: regularStats(descriptor, path).size };
      } catch (error) {
        await closeFile(descriptor);
        throw error;
      }
    } catch (error) {
      // Another try may succeed.
      this.#files.delete(path);
      throw error;
    }
  }

  async #close(keep: number): Promise<void> {
    for (const [path, file] of this.#files) {
      if (this.#files.size <= keep) return;
      if (file.users > 0) continue;
      this.#files.delete(path);
      await closeFile((await file.opened).descriptor);
    }
  }
}

/** What went wrong with a file, as a {@link DataError}. */
export function fileError(path: string, cause: unknown, offset?: number): DataError {
  if (DataError.isInstance(cause)) return cause;
  const where = offset === undefined ? { path, cause } : { path, offset, cause };
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new DataError('no such file; check the path', where);
  return new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, where);
}
