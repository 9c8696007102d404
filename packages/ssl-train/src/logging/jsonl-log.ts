import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { DataError } from 'ssl-tensor/host';

/** One line of a log. */
export interface LogRecord {
  readonly type: string;
  /** Finished steps when it was written. */
  readonly step: number;
  readonly [field: string]: unknown;
}

/**
 * A log of one JSON object per line. Each line is with the operating system when `write` returns; the file is synced
 * when it is closed. Numbers that are not finite are written as strings (`"NaN"`, `"Infinity"`).
 */
export class JsonlLog {
  readonly path: string;
  #file: number | undefined;

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens a log for appending. Of an existing file the lines up to `step` stay, so that a resumed run continues it and
   * a fresh one (`step` 0) starts anew; later lines, and lines that are not whole, go.
   *
   * @throws DataError when the file cannot be read or written
   */
  static async open(path: string, step: number): Promise<JsonlLog> {
    try {
      mkdirSync(dirname(path), { recursive: true });
      if (step > 0 && existsSync(path)) {
        await keepLines(path, step);
        return new JsonlLog(path, openSync(path, 'a'));
      }
      return new JsonlLog(path, openSync(path, 'w'));
    } catch (cause) {
      throw new DataError(`the log cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`, {
        path,
        cause,
      });
    }
  }

  write(record: LogRecord): void {
    if (this.#file === undefined) return;
    const text = JSON.stringify(record, (_, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    );
    try {
      writeSync(this.#file, `${text}\n`);
    } catch (cause) {
      throw new DataError(`the log cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
        path: this.path,
        cause,
      });
    }
  }

  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

/** Rewrites a log with its whole lines up to a step; reads it line by line, however large it is. */
async function keepLines(path: string, step: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      const at = stepOf(line);
      if (at !== undefined && at <= step) writeSync(file, `${line}\n`);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
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
