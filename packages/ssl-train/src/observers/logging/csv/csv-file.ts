import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, realpathSync, statSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { clearLeftovers, describeFileError, FolderLock, makeFolder, writeWhole } from '@selfsup/ssl-core/files';
import { DataError } from '@selfsup/ssl-tensor/host';
import { csvLine, firstCsvRecord } from './csv-text.js';

/** A CSV file of steps with one writer: beside it lies `<name>.lock` while it is open. A row is whole or not there. */
export class CsvFile {
  readonly path: string;
  readonly #lock: FolderLock;
  #file: number | undefined;
  /** Names of the columns; the first is `step`. */
  #columns: readonly string[];
  /** The last row: cells by column, and where it begins. */
  #last: { readonly step: number; readonly cells: Map<string, string>; readonly offset: number } | undefined;

  private constructor(path: string, lock: FolderLock, columns: readonly string[]) {
    this.path = path;
    this.#lock = lock;
    this.#columns = columns;
    this.#file = openSync(path, 'r+');
  }

  /**
   * Opens a file. With `step` 0 it begins anew; else its rows up to `step` stay.
   *
   * @throws DataError when it cannot be read or written, another run writes to it, or it is none of these files
   */
  static async open(name: string, step: number, onWait: () => void): Promise<CsvFile> {
    let path = name;
    let lock: FolderLock | undefined;
    try {
      await makeFolder(dirname(path));
      const there = statSync(path, { throwIfNoEntry: false });
      if (there !== undefined && !there.isFile())
        throw new DataError('is no file, and rows of a CSV log are rewritten. Give the path of a file', { path });
      if (there !== undefined) path = realpathSync(path);
      const folder = dirname(path);
      lock = await FolderLock.acquire(folder, { purpose: 'training', name: `${basename(path)}.lock`, onWait });
      await clearLeftovers(folder);
      const kept = there === undefined || step === 0 ? noRows : keptRows(await readFile(path, 'utf8'), step, path);
      await writeWhole(path, csvLine(kept.columns) + kept.rows.join(''));
      const file = new CsvFile(path, lock, kept.columns);
      file.#takeLast(kept.rows.at(-1));
      return file;
    } catch (cause) {
      await lock?.release();
      if (DataError.isInstance(cause)) throw cause;
      throw new DataError(`the log cannot be opened: ${describeFileError(cause)}`, { path, cause });
    }
  }

  /**
   * Writes a row, or adds to the last one where that is of the same step. New columns are put behind the others: the file
   * is then written anew, whole.
   *
   * @throws DataError when it cannot be written, or is no longer at its path
   */
  async write(step: number, values: ReadonlyMap<string, string>): Promise<void> {
    if (this.#file === undefined) return;
    try {
      this.#checkPlace(this.#file);
      const added = [...values.keys()].filter((name) => !this.#columns.includes(name));
      if (added.length > 0) await this.#widen(added);
      this.#writeRow(this.#file, step, values);
    } catch (cause) {
      if (DataError.isInstance(cause)) throw cause;
      throw new DataError(`the log cannot be written: ${describeFileError(cause)}`, { path: this.path, cause });
    }
  }

  /** @throws DataError when the rows did not reach the disk */
  flush(): void {
    if (this.#file === undefined) return;
    try {
      fsyncSync(this.#file);
    } catch (cause) {
      throw new DataError(`the log cannot be written: ${describeFileError(cause)}`, { path: this.path, cause });
    }
  }

  async close(): Promise<void> {
    try {
      this.flush();
    } finally {
      if (this.#file !== undefined) closeSync(this.#file);
      this.#file = undefined;
      await this.#lock.release();
    }
  }

  #writeRow(file: number, step: number, values: ReadonlyMap<string, string>): void {
    const end = fstatSync(file).size;
    const isSame = this.#last?.step === step;
    const offset = isSame ? this.#last!.offset : end;
    const cells = new Map([...(isSame ? this.#last!.cells : [['step', String(step)] as const]), ...values]);
    const row = Buffer.from(this.#rowText(cells));
    let written = 0;
    try {
      while (written < row.length) written += writeSync(file, row, written, row.length - written, offset + written);
    } catch (cause) {
      if (isSame) writeSync(file, Buffer.from(this.#rowText(this.#last!.cells)), 0, undefined, offset);
      ftruncateSync(file, end);
      throw cause;
    }
    if (offset + row.length < end) ftruncateSync(file, offset + row.length);
    this.#last = { step, cells, offset };
  }

  #rowText(cells: ReadonlyMap<string, string>): string {
    return csvLine(this.#columns.map((name) => cells.get(name) ?? ''));
  }

  async #widen(added: readonly string[]): Promise<void> {
    const text = await readFile(this.path, 'utf8');
    const columns = [...this.#columns, ...added];
    const rows = rowsOf(text.slice(firstCsvRecord(text)?.length ?? 0));
    const padding = ','.repeat(added.length);
    const wider = rows.map((row) => row.replace(/\r?\n$/, `${padding}\r\n`));
    await writeWhole(this.path, csvLine(columns) + wider.join(''));
    closeSync(this.#file!);
    this.#file = openSync(this.path, 'r+');
    this.#columns = columns;
    this.#takeLast(wider.at(-1));
  }

  #takeLast(row: string | undefined): void {
    const cells = row === undefined ? undefined : firstCsvRecord(row)?.cells;
    if (cells === undefined) this.#last = undefined;
    else {
      const named = cells
        .map((cell, index) => [this.#columns[index]!, cell] as const)
        .filter(([, cell]) => cell !== '');
      const offset = fstatSync(this.#file!).size - Buffer.byteLength(row!);
      this.#last = { step: Number(cells[0]), cells: new Map(named), offset };
    }
  }

  #checkPlace(file: number): void {
    const own = fstatSync(file);
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there?.ino === own.ino && there.dev === own.dev) return;
    const what = there === undefined ? 'removed' : 'replaced by another file';
    throw new DataError(`the log was ${what} while the run went on. Leave it where it is until the run has ended`, {
      path: this.path,
    });
  }
}

interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}
const noRows: Rows = { columns: ['step'], rows: [] };

/** Lines with their ends, without what follows the last end; no cell of these rows holds one. */
const rowsOf = (text: string): readonly string[] => text.match(/[^\n]*\n/g) ?? [];

/** The whole rows of a file up to a step. */
function keptRows(text: string, step: number, path: string): Rows {
  if (text === '') return noRows;
  const header = firstCsvRecord(text.replace(/^\uFEFF/, ''));
  const columns = header?.cells ?? [];
  if (columns[0] !== 'step' || new Set(columns).size < columns.length)
    throw new DataError("is no log of csvLog: its first column must be 'step', each column once. Give another path", {
      path,
    });
  const body = text.replace(/^\uFEFF/, '').slice(header!.length);
  const rows = rowsOf(body).flatMap((row) => {
    const cells = firstCsvRecord(row)?.cells;
    const isKept = cells?.length === columns.length && /^\d+$/.test(cells[0]!) && Number(cells[0]) <= step;
    return isKept ? [csvLine(cells)] : [];
  });
  return { columns, rows };
}
