import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describeFileError } from '@selfsup/ssl-core/files';
import { DataError } from '@selfsup/ssl-tensor/host';
import { tfRecord } from './tf-record.js';

const named = /^events\.out\.tfevents\.(\d{1,15})\./;

/** An event file under a name that TensorBoard reads after all others of its folder. A record is whole or not there. */
export class EventFile {
  readonly path: string;
  #file: number | undefined;

  /** @throws DataError when the file cannot be made */
  constructor(folder: string) {
    try {
      // Files are read in the order of their names: one of this second, or of a clock that was ahead, comes before.
      const seconds = readdirSync(folder).map((name) => Number(named.exec(name)?.[1] ?? 0) + 1);
      const time = Math.max(Math.floor(Date.now() / 1000), ...seconds);
      const host = hostname().replaceAll(/[^\w.-]/g, '_');
      this.path = join(folder, `events.out.tfevents.${String(time).padStart(10, '0')}.${host}.${process.pid}.0`);
      this.#file = openSync(this.path, 'ax');
    } catch (cause) {
      throw new DataError(`no event file can be made: ${describeFileError(cause)}`, { path: folder, cause });
    }
  }

  /** @throws DataError when the record cannot be written, or the file is no longer at its path */
  write(event: Uint8Array): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    const record = tfRecord(event);
    let written = 0;
    try {
      const own = fstatSync(file);
      const there = statSync(this.path, { throwIfNoEntry: false });
      if (there?.ino !== own.ino || there.dev !== own.dev)
        throw new DataError(
          'the event file was removed while the run went on. Leave it there until the run has ended',
          {
            path: this.path,
          },
        );
      try {
        while (written < record.length) written += writeSync(file, record, written);
      } catch (cause) {
        ftruncateSync(file, own.size);
        throw cause;
      }
    } catch (cause) {
      throw this.#unwritten(cause);
    }
  }

  /** @throws DataError when the events did not reach the disk */
  flush(): void {
    try {
      if (this.#file !== undefined) fsyncSync(this.#file);
    } catch (cause) {
      throw this.#unwritten(cause);
    }
  }

  close(): void {
    try {
      this.flush();
    } finally {
      if (this.#file !== undefined) closeSync(this.#file);
      this.#file = undefined;
    }
  }

  #unwritten(cause: unknown): DataError {
    if (DataError.isInstance(cause)) return cause;
    return new DataError(`events cannot be written: ${describeFileError(cause)}`, { path: this.path, cause });
  }
}
