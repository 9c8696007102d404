import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { sharedBytes } from '../dataset/shared-memory.js';
import type { StringTable } from '../dataset/string-table.js';
import { fileError, type FilePool } from '../webdataset/file-pool.js';
import { fileStatus } from '../webdataset/file-status.js';
import {
  asBuffer,
  damaged,
  type LmdbMeta,
  metaBytes,
  nodeFlags,
  nodeHeaderBytes,
  pageFlags,
  pageHeaderBytes,
  readMeta,
  readPageBytes,
  readUint64,
} from './lmdb-format.js';

/** Where the records of a database lie; plain data in shared memory. */
export interface LmdbRecords {
  /** The data file. */
  readonly path: string;
  /** Its length. */
  readonly fileBytes: number;
  readonly pageBytes: number;
  /** UTF-8 as a rule, but any bytes may be. */
  readonly keys: StringTable;
  /** Place of each value in the file, or of its overflow page where it is a multiple of the page size. */
  readonly offsets: Float64Array;
  /** Bytes of each value. */
  readonly sizes: Uint32Array;
}

/** Pages that are read at the same time. */
const lanes = 16;

/**
 * Lists the records of a database in the order of their keys. Reads the pages of the tree once, no value.
 *
 * @param path a folder with `data.mdb`, or the file itself (`subdir=False` in Python)
 * @throws DataError for a file that is missing, damaged, of another version or with more than `maxEntries` records
 */
export async function indexLmdb(path: string, files: FilePool, maxEntries: number): Promise<LmdbRecords> {
  const { file, fileBytes } = await dataFile(path);
  const head = pageHeaderBytes + metaBytes;
  const read = async (offset: number, length: number): Promise<Buffer> => {
    if (offset + length > fileBytes) throw damaged(`ends before its page at ${offset}`, file, fileBytes);
    return asBuffer(await files.read(file, fileBytes, offset, length));
  };
  const first = await read(0, head);
  const pageBytes = readPageBytes(first, file);
  const metas = [
    readMeta(first, file, 0, pageBytes, fileBytes),
    readMeta(await read(pageBytes, head), file, pageBytes, pageBytes, fileBytes),
  ] as const;
  const meta = metas[0].transaction < metas[1].transaction ? metas[1] : metas[0];
  if (meta.entries > maxEntries)
    throw new DataError(`has ${meta.entries} records, more than maxEntries (${maxEntries})`, { path: file });
  const walk = new TreeWalk(file, fileBytes, meta, read);
  if (meta.root !== undefined) await walk.visit([meta.root], meta.depth);
  return walk.records();
}

async function dataFile(path: string): Promise<{ file: string; fileBytes: number }> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    (cause: unknown) => Promise.reject(fileError(path, cause)),
  );
  const file = isFolder ? join(path, 'data.mdb') : path;
  return { file, fileBytes: (await fileStatus(file)).size };
}

class TreeWalk {
  readonly #file: string;
  readonly #fileBytes: number;
  readonly #meta: LmdbMeta;
  readonly #read: (offset: number, length: number) => Promise<Buffer>;
  readonly #keyOffsets: Float64Array;
  readonly #keyLengths: Int32Array;
  readonly #offsets: Float64Array;
  readonly #sizes: Uint32Array;
  #keys = Buffer.alloc(4096);
  #keyBytes = 0;
  #count = 0;
  #pages = 0;

  constructor(
    file: string,
    fileBytes: number,
    meta: LmdbMeta,
    read: (offset: number, length: number) => Promise<Buffer>,
  ) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#meta = meta;
    this.#read = read;
    this.#keyOffsets = new Float64Array(new SharedArrayBuffer(8 * meta.entries));
    this.#keyLengths = new Int32Array(new SharedArrayBuffer(4 * meta.entries));
    this.#offsets = new Float64Array(new SharedArrayBuffer(8 * meta.entries));
    this.#sizes = new Uint32Array(new SharedArrayBuffer(4 * meta.entries));
  }

  /** Visits pages of one level in order; `depth` is 1 for leaves. */
  async visit(pages: readonly number[], depth: number): Promise<void> {
    for (let start = 0; start < pages.length; start += lanes) {
      const numbers = pages.slice(start, start + lanes);
      // A tree with a page in it twice would never end, or be far larger than the file.
      this.#pages += numbers.length;
      if (this.#pages > this.#meta.branchPages + this.#meta.leafPages)
        throw damaged('has more pages in its tree than it says', this.#file, 0);
      const contents = await Promise.all(numbers.map((number) => this.#page(number, depth)));
      for (const [index, page] of contents.entries()) {
        const at = numbers[index]! * this.#meta.pageBytes;
        if (depth === 1) this.#leaf(page, at);
        else await this.visit(this.#children(page, at), depth - 1);
      }
    }
  }

  records(): LmdbRecords {
    if (this.#count !== this.#meta.entries)
      throw damaged(`has ${this.#count} records, but says ${this.#meta.entries}`, this.#file, 0);
    this.#refuseSharedPages();
    const bytes = sharedBytes(this.#keyBytes);
    bytes.set(this.#keys.subarray(0, this.#keyBytes));
    return {
      path: this.#file,
      fileBytes: this.#fileBytes,
      pageBytes: this.#meta.pageBytes,
      keys: { bytes, offsets: this.#keyOffsets, lengths: this.#keyLengths },
      offsets: this.#offsets,
      sizes: this.#sizes,
    };
  }

  /** Two records with one value would be one image under two classes. */
  #refuseSharedPages(): void {
    const { pageBytes } = this.#meta;
    const starts = this.#offsets.filter((offset, index) => offset % pageBytes === 0 && this.#sizes[index]! > 0).sort();
    for (let index = 1; index < starts.length; index++)
      if (starts[index] === starts[index - 1])
        throw damaged('has two records with one value', this.#file, starts[index]!);
  }

  async #page(number: number, depth: number): Promise<Buffer> {
    const { pageBytes, lastPage } = this.#meta;
    if (number < 2 || number > lastPage || (number + 1) * pageBytes > this.#fileBytes)
      throw damaged(`points to page ${number}, which it does not have`, this.#file, 0);
    const at = number * pageBytes;
    const page = await this.#read(at, pageBytes);
    const { branch, leaf, overflow, meta, leaf2, subPage } = pageFlags;
    const kind = page.readUInt16LE(10) & (branch | leaf | overflow | meta | leaf2 | subPage);
    const [lower, upper] = [page.readUInt16LE(12), page.readUInt16LE(14)];
    if (readUint64(page, 0) !== number || kind !== (depth === 1 ? leaf : branch))
      throw damaged(`has no ${depth === 1 ? 'leaf' : 'branch'} in page ${number}`, this.#file, at);
    if (lower < pageHeaderBytes || lower % 2 !== 0 || lower > upper || upper > pageBytes)
      throw damaged(`page ${number} has bounds that cannot be`, this.#file, at + 12);
    return page;
  }

  /** Places of a page's records within it. */
  #nodes(page: Buffer, at: number): number[] {
    const nodes: number[] = [];
    for (let pointer = pageHeaderBytes; pointer < page.readUInt16LE(12); pointer += 2) {
      const node = page.readUInt16LE(pointer);
      if (
        node < page.readUInt16LE(14) ||
        node + nodeHeaderBytes > page.length ||
        node + nodeHeaderBytes + page.readUInt16LE(node + 6) > page.length
      )
        throw damaged('has a record outside its page', this.#file, at + pointer);
      nodes.push(node);
    }
    return nodes;
  }

  #children(page: Buffer, at: number): number[] {
    return this.#nodes(page, at).map((node) => page.readUIntLE(node, 6));
  }

  #leaf(page: Buffer, at: number): void {
    const { pageBytes, lastPage, entries } = this.#meta;
    for (const node of this.#nodes(page, at)) {
      const size = page.readUInt32LE(node);
      const flags = page.readUInt16LE(node + 4);
      const keyEnd = node + nodeHeaderBytes + page.readUInt16LE(node + 6);
      const key = page.subarray(node + nodeHeaderBytes, keyEnd);
      if (flags > nodeFlags.overflow)
        throw new DataError(
          `'${key.toString('utf8')}' is a database of its own or has several values; copy the records into the main database`,
          { path: this.#file, offset: at + node },
        );
      let offset = at + keyEnd;
      if (flags === nodeFlags.overflow) {
        if (keyEnd + 8 > page.length) throw damaged('has a record outside its page', this.#file, at + node);
        const number = readUint64(page, keyEnd);
        offset = number * pageBytes;
        if (number < 2 || number > lastPage || offset + pageHeaderBytes + size > this.#fileBytes)
          throw damaged(`'${key.toString('utf8')}' points out of the file`, this.#file, at + node);
      } else if (keyEnd + size > page.length)
        throw damaged(`'${key.toString('utf8')}' does not fit its page`, this.#file, at + node);
      if (this.#count === entries) throw damaged('has more records than it says', this.#file, at + node);
      this.#add(key, offset, size, at + node);
    }
  }

  #add(key: Buffer, offset: number, size: number, at: number): void {
    const index = this.#count;
    if (index > 0) {
      const start = this.#keyOffsets[index - 1]!;
      const previous = this.#keys.subarray(start, start + this.#keyLengths[index - 1]!);
      if (Buffer.compare(previous, key) >= 0) throw damaged('has keys out of order', this.#file, at);
    }
    while (this.#keyBytes + key.length > this.#keys.length)
      this.#keys = Buffer.concat([this.#keys], 2 * this.#keys.length);
    this.#keys.set(key, this.#keyBytes);
    this.#keyOffsets[index] = this.#keyBytes;
    this.#keyLengths[index] = key.length;
    this.#offsets[index] = offset;
    this.#sizes[index] = size;
    this.#keyBytes += key.length;
    this.#count++;
  }
}
