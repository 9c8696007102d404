import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { chunkBytes } from './store-header.js';

/** How far a file was written, so that writing can go on there. */
export interface ChunkState {
  readonly bytes: number;
  /** CRC-32 of the whole chunks, and last that of the begun one, if there is one. */
  readonly checksums: readonly number[];
}

/** Appends bytes to a file, with a CRC-32 for each chunk; holds one chunk in memory. Synchronous, as texts come so. */
export class ChunkWriter {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(chunkBytes);
  readonly #checksums: number[];
  #filled = 0;
  #written: number;

  /** @param fd of a file opened for reading and writing, which is cut to what `from` says */
  private constructor(fd: number, checksums: number[], written: number) {
    this.#fd = fd;
    this.#checksums = checksums;
    this.#written = written;
  }

  /** @returns nothing where the file does not hold what `from` says */
  static open(fd: number, from: ChunkState): ChunkWriter | undefined {
    if (fstatSync(fd).size < from.bytes) return undefined;
    const whole = Math.floor(from.bytes / chunkBytes);
    const writer = new ChunkWriter(fd, from.checksums.slice(0, whole), whole * chunkBytes);
    const begun = from.bytes - writer.#written;
    if (readSync(fd, writer.#buffer, 0, begun, writer.#written) < begun) return undefined;
    if (begun > 0 && crc32(writer.#buffer.subarray(0, begun)) !== from.checksums[whole]) return undefined;
    writer.#filled = begun;
    ftruncateSync(fd, from.bytes);
    return writer;
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const part = bytes.subarray(done, done + chunkBytes - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      done += part.length;
      if (this.#filled < chunkBytes) continue;
      this.#write();
      this.#checksums.push(crc32(this.#buffer));
      this.#written += chunkBytes;
      this.#filled = 0;
    }
  }

  /** Writes the begun chunk too. */
  flush(): ChunkState {
    this.#write();
    const begun = this.#filled === 0 ? [] : [crc32(this.#buffer.subarray(0, this.#filled))];
    return { bytes: this.#written + this.#filled, checksums: [...this.#checksums, ...begun] };
  }

  #write(): void {
    for (let done = 0; done < this.#filled;)
      done += writeSync(this.#fd, this.#buffer, done, this.#filled - done, this.#written + done);
  }
}
