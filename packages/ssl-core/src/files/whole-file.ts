import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushFile } from './flush-file.js';
import { temporaryName } from './temporary-name.js';

/** Bytes of one write: some systems refuse more than 2 GiB at once. */
const writeBytes = 2 ** 30;

/**
 * A file under a temporary name beside its path, which gets its path when it is whole: for contents that are written over
 * a time, or not from front to back. `writeWhole` does it in one call. Errors are those of the file system.
 */
export class WholeFile {
  /** Where the file will be. */
  readonly path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  static async create(path: string): Promise<WholeFile> {
    const temporary = temporaryName(path);
    return new WholeFile(path, temporary, await open(temporary, 'wx'));
  }

  /** @param position of the first byte, bytes from the file's beginning; default: after what was written last without one */
  async write(bytes: Uint8Array, position?: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const length = Math.min(bytes.length - done, writeBytes);
      const place = position === undefined ? null : position + done;
      done += (await this.#file.write(bytes, done, length, place)).bytesWritten;
    }
  }

  /** Takes back all that was written. */
  async clear(): Promise<void> {
    await this.#file.truncate(0);
  }

  /**
   * Brings the file to the disk and to its path, in place of what is there.
   *
   * @param mayReplace looks once more before that; what it throws is thrown, and the file is then to be discarded
   */
  async finish(mayReplace?: () => Promise<void>): Promise<void> {
    await flushFile(this.#file);
    await this.#file.close();
    await mayReplace?.();
    await rename(this.#temporary, this.path);
    // The rename itself lasts only once the folder is flushed; not every file system lets one open it.
    const folder = await open(dirname(this.path), 'r').catch(() => undefined);
    if (folder !== undefined) await flushFile(folder).catch(() => undefined);
    await folder?.close();
  }

  /** Removes what was written, at any moment before `finish` has ended; never fails. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.#temporary, { force: true }).catch(() => undefined);
  }
}
