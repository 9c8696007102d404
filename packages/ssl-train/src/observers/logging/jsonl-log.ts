import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { clearLeftovers, describeFileError, FolderLock, makeFolder, writeWhole } from '@selfsup/ssl-core/files';
import { DataError } from '@selfsup/ssl-tensor/host';

/** A line of a log is some kilobytes. */
const maxLineLength = 2 ** 26;

/** Always at the end: what is taken back must leave no hole. */
const continued = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
const anew = continued | constants.O_TRUNC;

/** One line of a log. */
export interface LogRecord {
  readonly type: string;
  /** Finished steps when it was written. */
  readonly step: number;
  readonly [field: string]: unknown;
}

/**
 * A log of one JSON object per line, with one writer: beside it lies `<name>.lock` while it is open. Each line is whole
 * with the operating system when `write` returns; the file is synced when it is closed. Numbers that are not finite are
 * written as strings (`"NaN"`, `"Infinity"`).
 */
export class JsonlLog {
  readonly path: string;
  readonly #lock: FolderLock | undefined;
  #file: number | undefined;
  /** Bytes of whole lines. */
  #length: number;

  private constructor(path: string, file: number, lock: FolderLock | undefined) {
    this.path = path;
    this.#file = file;
    this.#lock = lock;
    this.#length = fstatSync(file).size;
  }

  /**
   * Opens a log for appending. Of an existing file the lines up to `step` stay, so that a resumed run continues it and
   * a fresh one (`step` 0) starts anew; later lines, and lines that are not whole, go. Of a link, the file that it leads to
   * is the log. A device or a pipe is written to as it is, and not locked.
   *
   * @param onWait called when another machine's lock has to be watched for a while
   * @throws DataError when the file cannot be read or written, another run writes to it, or it is a pipe that nobody reads
   */
  static async open(name: string, step: number, onWait: () => void = () => {}): Promise<JsonlLog> {
    let path = name;
    let lock: FolderLock | undefined;
    let reached: number | undefined;
    try {
      await makeFolder(dirname(path));
      const before = statSync(path, { throwIfNoEntry: false });
      if (before?.isFIFO() === true) reached = openToReader(path);
      if (before === undefined || before.isFile()) {
        if (before !== undefined) path = realpathSync(path);
        const folder = dirname(path);
        lock = await FolderLock.acquire(folder, { purpose: 'training', name: `${basename(path)}.lock`, onWait });
        await clearLeftovers(folder);
        if (step > 0 && before !== undefined) await writeWhole(path, linesUpTo(path, step));
      }
      return new JsonlLog(path, openSync(path, step > 0 ? continued : anew), lock);
    } catch (cause) {
      await lock?.release();
      if (DataError.isInstance(cause)) throw cause;
      throw new DataError(`the log cannot be opened: ${describeFileError(cause)}`, { path, cause });
    } finally {
      if (reached !== undefined) closeSync(reached);
    }
  }

  /**
   * @throws DataError when the line cannot be written whole: what there was of it is taken back. Also when the file is no
   *   longer at its path, so that nobody would find the line
   */
  write(record: LogRecord): void {
    if (this.#file === undefined) return;
    let written = 0;
    try {
      const line = Buffer.from(`${jsonOf(record)}\n`);
      this.#checkPlace(this.#file);
      while (written < line.length) written += writeSync(this.#file, line, written);
    } catch (cause) {
      if (written > 0) this.#takeBack(this.#file);
      if (DataError.isInstance(cause)) throw cause;
      throw new DataError(`the log cannot be written: ${describeFileError(cause)}`, { path: this.path, cause });
    }
  }

  /** @throws DataError when the last lines did not reach the disk */
  async close(): Promise<void> {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    try {
      if (fstatSync(file).isFile()) fsyncSync(file);
    } catch (cause) {
      throw new DataError(`the log cannot be written: ${describeFileError(cause)}`, { path: this.path, cause });
    } finally {
      closeSync(file);
      await this.#lock?.release();
    }
  }

  #checkPlace(file: number): void {
    const own = fstatSync(file);
    // Somebody else may have emptied it.
    this.#length = own.size;
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there?.ino === own.ino && there.dev === own.dev) return;
    const what = there === undefined ? 'removed' : 'replaced by another file';
    throw new DataError(`the log was ${what} while the run went on. Leave it where it is until the run has ended`, {
      path: this.path,
    });
  }

  /** A line is whole or not there. */
  #takeBack(file: number): void {
    try {
      ftruncateSync(file, this.#length);
    } catch {
      // A device or a pipe takes nothing back.
    }
  }
}

/**
 * Opening a pipe that nobody reads would stand still, and the whole process with it. The descriptor stays open until the
 * log has its own: a reader takes a writer that leaves for the end.
 */
function openToReader(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENXIO') throw cause;
    throw new DataError('is a pipe that nobody reads. Start its reader first, or log to a file', { path, cause });
  }
}

function jsonOf(record: LogRecord): string {
  return JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/** The whole lines of a log up to a step, one after the other, however large it is. */
async function* linesUpTo(path: string, step: number): AsyncGenerator<string> {
  for await (const line of linesOf(path)) {
    const at = stepOf(line);
    if (at !== undefined && at <= step) yield `${line}\n`;
  }
}

/** Parted at line feeds alone: JSON strings may hold what else ends a line for some (U+2028). */
async function* linesOf(path: string): AsyncGenerator<string> {
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const [first, ...others] = chunk.split('\n');
    for (const [index, piece] of [first!, ...others].entries()) {
      if (index > 0) {
        yield pieces.join('');
        [pieces, length] = [[], 0];
      }
      length += piece.length;
      if (length <= maxLineLength) pieces.push(piece);
    }
  }
  yield pieces.join('');
}

function stepOf(line: string): number | undefined {
  try {
    const record: unknown = JSON.parse(line);
    const step = typeof record === 'object' && record !== null ? (record as { step?: unknown }).step : undefined;
    return typeof step === 'number' ? step : undefined;
  } catch {
    return undefined;
  }
}
