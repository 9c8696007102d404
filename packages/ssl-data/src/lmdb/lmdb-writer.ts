import { DataError } from '@selfsup/ssl-core';
import { WholeFile } from '@selfsup/ssl-core/files';
import {
  lmdbMagic,
  lmdbVersion,
  metaBytes,
  nodeFlags,
  nodeHeaderBytes,
  pageFlags,
  pageHeaderBytes,
} from './lmdb-format.js';

/** What LMDB takes on most machines; readers take any. */
const pageBytes = 4096;
/** Longest key that LMDB 0.9 reads. */
export const maxKeyBytes = 511;
/** Larger records have their value in overflow pages, so that two fit a page. */
const maxNodeBytes = ((pageBytes - pageHeaderBytes) / 2) & ~1;
/** Bytes that are collected before they are written. */
const writeBytes = 1 << 20;
const integerKeys = 8;

interface Node {
  readonly key: Uint8Array;
  /** Bytes after the key: the value, or the page that it lies in. */
  readonly data: Uint8Array;
  /** First six bytes of the header: size and flags, or the page of a branch. */
  readonly head: number;
}

interface Child {
  readonly firstKey: Uint8Array;
  readonly page: number;
}

/**
 * Writes an LMDB 0.9 database (data version 1) from records in the order of their keys, front to back: values and leaves
 * as they come, then the branches, at last the meta pages. The same records give the same bytes.
 *
 * Source: `mdb.c` of LMDB 0.9; the pages are as full as its MDB_APPEND makes them.
 */
export class LmdbWriter {
  readonly #file: WholeFile;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #written = 0;
  #nextPage = 2;
  #leaf: Node[] = [];
  #leafBytes = pageHeaderBytes;
  readonly #leaves: Child[] = [];
  #lastKey: Uint8Array | undefined;
  #entries = 0;
  #overflowPages = 0;
  #branchPages = 0;

  private constructor(file: WholeFile) {
    this.#file = file;
    // The meta pages, known at the end only.
    this.#put(Buffer.alloc(2 * pageBytes));
  }

  static async create(path: string): Promise<LmdbWriter> {
    return new LmdbWriter(await WholeFile.create(path));
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#nextPage * pageBytes;
  }

  /**
   * Adds a record; one at a time.
   *
   * @throws DataError for a key that is empty, too long or not after the last one
   */
  async add(key: Uint8Array, value: Uint8Array): Promise<void> {
    const name = Buffer.from(key).toString('utf8');
    if (key.length === 0 || key.length > maxKeyBytes)
      throw new DataError(
        `key '${name}' has ${key.length} bytes, LMDB takes 1 to ${maxKeyBytes}; pass keys: 'numbers'`,
      );
    if (this.#lastKey !== undefined && Buffer.compare(this.#lastKey, key) >= 0)
      throw new DataError(`key '${name}' is there twice or out of order`);
    if (value.length >= 2 ** 32) throw new DataError(`'${name}' has ${value.length} bytes, LMDB takes less than 4 GiB`);
    this.#lastKey = key;
    this.#entries++;
    const isLarge = nodeHeaderBytes + key.length + value.length > maxNodeBytes - 2;
    const data = isLarge ? uint64(this.#nextPage) : value;
    const node = { key, data, head: value.length + (isLarge ? nodeFlags.overflow : 0) * 2 ** 32 };
    if (this.#leafBytes + nodeBytes(node) > pageBytes) this.#finishLeaf();
    if (isLarge) {
      // After the leaf before it, which took the page number that was to be this value's.
      const page = this.#putOverflow(value);
      this.#leaf.push({ ...node, data: uint64(page) });
    } else this.#leaf.push(node);
    this.#leafBytes += nodeBytes(node);
    if (this.#waitingBytes >= writeBytes) await this.#flush();
  }

  /** Writes what is left and brings the file to the disk, and to its path unless `mayReplace` throws. */
  async finish(mayReplace?: () => Promise<void>): Promise<void> {
    if (this.#leaf.length > 0) this.#finishLeaf();
    let level = this.#leaves;
    let depth = this.#entries === 0 ? 0 : 1;
    for (; level.length > 1; depth++) level = this.#putBranches(level);
    await this.#flush();
    const root = level[0]?.page;
    // As LMDB leaves them after its first transaction, which goes to page 1.
    const metas = Buffer.concat([this.#meta(0, undefined, 0), this.#meta(1, root, depth)]);
    await this.#file.write(metas, 0);
    await this.#file.finish(mayReplace);
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    await this.#file.discard();
  }

  #finishLeaf(): void {
    const page = this.#putPage(pageFlags.leaf, this.#leaf);
    this.#leaves.push({ firstKey: this.#leaf[0]!.key, page });
    this.#leaf = [];
    this.#leafBytes = pageHeaderBytes;
  }

  #putBranches(children: readonly Child[]): Child[] {
    const groups: Child[][] = [];
    let bytes = Infinity;
    for (const child of children) {
      const size = nodeBytes({ key: child.firstKey, data: noBytes });
      if (bytes + size > pageBytes) {
        groups.push([]);
        bytes = pageHeaderBytes;
      }
      groups.at(-1)!.push(child);
      bytes += size;
    }
    // LMDB wants two children in a branch.
    if (groups.at(-1)!.length === 1) groups.at(-1)!.unshift(groups.at(-2)!.pop()!);
    this.#branchPages += groups.length;
    return groups.map((group) => {
      // The first child takes all keys below the second's, so it needs none.
      const nodes = group.map(({ firstKey, page }, index) => ({
        key: index === 0 ? noBytes : firstKey,
        data: noBytes,
        head: page,
      }));
      return { firstKey: group[0]!.firstKey, page: this.#putPage(pageFlags.branch, nodes) };
    });
  }

  #putPage(flags: number, nodes: readonly Node[]): number {
    const page = Buffer.alloc(pageBytes);
    let upper = pageBytes;
    nodes.forEach((node, index) => {
      const { key, data, head } = node;
      upper -= nodeBytes(node) - 2;
      page.writeUInt16LE(upper, pageHeaderBytes + 2 * index);
      page.writeUIntLE(head, upper, 6);
      page.writeUInt16LE(key.length, upper + 6);
      page.set(key, upper + nodeHeaderBytes);
      page.set(data, upper + nodeHeaderBytes + key.length);
    });
    writeHeader(page, this.#nextPage, flags, pageHeaderBytes + 2 * nodes.length + upper * 2 ** 16);
    this.#put(page);
    return this.#nextPage++;
  }

  #putOverflow(value: Uint8Array): number {
    const pages = Math.ceil((pageHeaderBytes + value.length) / pageBytes);
    const header = Buffer.alloc(pageHeaderBytes);
    writeHeader(header, this.#nextPage, pageFlags.overflow, pages);
    this.#put(header);
    this.#put(value);
    this.#put(Buffer.alloc(pages * pageBytes - pageHeaderBytes - value.length));
    this.#overflowPages += pages;
    this.#nextPage += pages;
    return this.#nextPage - pages;
  }

  #meta(number: number, root: number | undefined, depth: number): Buffer {
    const page = Buffer.alloc(pageBytes);
    writeHeader(page, number, pageFlags.meta, 0);
    const meta = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
    meta.writeUInt32LE(lmdbMagic, 0);
    meta.writeUInt32LE(lmdbVersion, 4);
    meta.set(uint64(this.#nextPage * pageBytes), 16);
    meta.writeUInt32LE(pageBytes, 24);
    meta.writeUInt16LE(integerKeys, 28);
    meta.fill(0xff, 64, 72);
    if (root === undefined) meta.fill(0xff, 112, 120);
    else {
      meta.writeUInt16LE(depth, 78);
      const counts = [this.#branchPages, this.#leaves.length, this.#overflowPages, this.#entries, root];
      counts.forEach((count, index) => meta.set(uint64(count), 80 + 8 * index));
    }
    meta.set(uint64(number === 0 ? 1 : this.#nextPage - 1), 120);
    meta.set(uint64(number), 128);
    return page;
  }

  #put(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#file.write(bytes, this.#written);
    this.#written += bytes.length;
  }
}

const noBytes = new Uint8Array(0);

/** Bytes of a record with its pointer; records begin at even places. */
function nodeBytes({ key, data }: Pick<Node, 'key' | 'data'>): number {
  return (2 + nodeHeaderBytes + key.length + data.length + 1) & ~1;
}

function writeHeader(page: Buffer, number: number, flags: number, bounds: number): void {
  page.set(uint64(number), 0);
  page.writeUInt16LE(flags, 10);
  page.writeUInt32LE(bounds, 12);
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
