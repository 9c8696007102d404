import { lstat, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { readSealedJson } from './read-json.js';
import { writeSealedJson } from './write-json.js';

const recordName = 'written.json';
const program = 'ssl-benchmark';
/** A file of a run's folder, or of a folder in it. */
const ownName = /^(?:[\w-]+\/)?\w[\w.-]*$/;

/**
 * The names of all files that this program wrote to a folder, in the folder's `written.json`. A name is listed before
 * its file is written, so a killed run leaves none unlisted. What is not listed belongs to somebody else: it is never
 * removed or written over.
 */
export class WrittenRecord {
  readonly folder: string;
  #names: ReadonlySet<string>;

  private constructor(folder: string, names: Iterable<string>) {
    this.folder = folder;
    this.#names = new Set(names);
  }

  /** The record of a folder; an empty one, not written yet, where there is none. Throws DataError for a damaged one. */
  static async of(folder: string): Promise<WrittenRecord> {
    const file = path.join(folder, recordName);
    const found = (await readSealedJson(file)) as { readonly program?: unknown; readonly files?: unknown } | undefined;
    if (found === undefined) return new WrittenRecord(folder, []);
    const { files } = found;
    if (found.program !== program || !Array.isArray(files) || !files.every(isOwnName))
      throw new DataError('is not the record of a run; choose another folder', { path: file });
    return new WrittenRecord(folder, files);
  }

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  has(name: string): boolean {
    return name === recordName ? !this.isEmpty : this.#names.has(name);
  }

  /**
   * Refuses names that are taken.
   *
   * @throws DataError where a file of such a name is there that this program did not write
   */
  async check(names: readonly string[]): Promise<void> {
    for (const name of [recordName, ...names]) {
      if (this.has(name) || !(await exists(path.join(this.folder, name)))) continue;
      throw new DataError(
        'is in the way: this program did not write it, and does not write over it; move it away, or choose another folder',
        { path: path.join(this.folder, name) },
      );
    }
  }

  /**
   * Lists files that are about to be written, relative to the folder, with forward slashes.
   *
   * @throws DataError as {@link check}, or where the folder cannot be written to
   */
  async add(names: readonly string[]): Promise<void> {
    await this.check(names);
    await this.adopt(names);
  }

  /** Lists files that this program has just written, under names that were not known before. Throws as {@link add}. */
  async adopt(names: readonly string[]): Promise<void> {
    const more = names.filter((name) => !this.#names.has(name));
    if (more.length === 0) return;
    const files = [...this.#names, ...more];
    await writeSealedJson(path.join(this.folder, recordName), { program, files });
    this.#names = new Set(files);
  }

  /** Removes the listed files, the folders that this leaves empty, and the record. Nothing else, and through no link. */
  async removeAll(): Promise<void> {
    const folders = new Set<string>();
    for (const name of this.#names) {
      const inner = path.posix.dirname(name);
      if (inner !== '.') {
        if (!(await isFolder(path.join(this.folder, inner)))) continue;
        folders.add(inner);
      }
      const file = path.join(this.folder, name);
      if (!(await isFolder(file))) await rm(file, { force: true });
    }
    for (const inner of folders) await rmdir(path.join(this.folder, inner)).catch(() => {});
    await rm(path.join(this.folder, recordName), { force: true });
    this.#names = new Set();
  }
}

const isOwnName = (name: unknown): name is string =>
  typeof name === 'string' && ownName.test(name) && !name.split('/').includes('..');

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

async function isFolder(file: string): Promise<boolean> {
  return lstat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
