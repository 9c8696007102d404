import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { DataError } from '@selfsup/ssl-tensor/host';
import { chunkBytes } from './store-header.js';

/** Reads ranges of a file; each chunk is held against its checksum when something of it is read for the first time. */
export class ChunkReader {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #checksums: readonly number[];
  readonly #bytes: number;
  readonly #known: Uint8Array;
  readonly #chunk = new Uint8Array(chunkBytes);

  constructor(file: FileHandle, path: string, bytes: number, checksums: readonly number[]) {
    this.#file = file;
    this.#path = path;
    this.#bytes = bytes;
    this.#checksums = checksums;
    this.#known = new Uint8Array(checksums.length);
  }

  /**
   * @param into filled from `position` on, bytes
   * @throws DataError for a range with a chunk that does not have its checksum, and beyond the file
   */
  read(into: Uint8Array, position: number): void {
    const last = Math.floor((position + into.length - 1) / chunkBytes);
    for (let chunk = Math.floor(position / chunkBytes); chunk <= last; chunk++)
      if (this.#known[chunk] !== 1) this.#check(chunk);
    this.#fill(into, position);
  }

  /** Reads all of it once. */
  verify(): void {
    for (let chunk = 0; chunk < this.#checksums.length; chunk++) this.#check(chunk);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #check(chunk: number): void {
    const start = chunk * chunkBytes;
    const bytes = this.#chunk.subarray(0, Math.max(0, Math.min(chunkBytes, this.#bytes - start)));
    this.#fill(bytes, start);
    if (bytes.length === 0 || crc32(bytes) !== this.#checksums[chunk])
      throw new DataError(
        `bytes ${start} to ${start + bytes.length} do not have their checksum: the store is damaged; delete the folder and build it again`,
        { path: this.#path },
      );
    this.#known[chunk] = 1;
  }

  #fill(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.length;) {
      const count = readSync(this.#file.fd, into, done, into.length - done, position + done);
      if (count === 0)
        throw new DataError(
          `ends at byte ${position + done}: the store is damaged; delete the folder and build it again`,
          { path: this.#path },
        );
      done += count;
    }
  }
}
