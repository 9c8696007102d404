import { DataError } from '@selfsup/ssl-core';

/**
 * The file format of LMDB 0.9 (data version 1) on 64-bit little-endian machines, as Python's `lmdb`, `mdb_load` and Caffe
 * write it: pages of equal size; pages 0 and 1 hold the two last commits; records lie in a B+tree of branch and leaf
 * pages, values that are large in overflow pages of their own.
 *
 * Read and written here, since the npm package lmdb (3.5.6) as it is published knows data version 2 only and ends the
 * process on version 1; a mapped file from a stranger could do the same.
 *
 * Source: `mdb.c` of LMDB 0.9 (structures MDB_page, MDB_node, MDB_db, MDB_meta).
 */
export const pageHeaderBytes = 16;
export const nodeHeaderBytes = 8;
export const metaBytes = 136;

export const pageFlags = { branch: 1, leaf: 2, overflow: 4, meta: 8, leaf2: 0x20, subPage: 0x40 } as const;
/** Flags of a leaf's record: the value lies in overflow pages; larger ones are databases and lists of duplicates. */
export const nodeFlags = { overflow: 1 } as const;

export const lmdbMagic = 0xbeefc0de;
export const lmdbVersion = 1;
export const minPageBytes = 256;
export const maxPageBytes = 32_768;
/** Larger trees do not fit any disk: a branch has two children at least, in practice a hundred. */
const maxDepth = 48;

/** What a commit says about the records. */
export interface LmdbMeta {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly entries: number;
  /** Page of the tree's root; no number where the tree is empty. */
  readonly root: number | undefined;
}

/** The same bytes with the methods of a Buffer. */
export function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** An unsigned 64-bit number; infinity where a double cannot hold it exactly. */
export function readUint64(bytes: Buffer, offset: number): number {
  const high = bytes.readUInt32LE(offset + 4);
  return high > 0x1fffff ? Infinity : high * 2 ** 32 + bytes.readUInt32LE(offset);
}

/** Page size that the first meta page claims; throws {@link DataError} where this is no such database. */
export function readPageBytes(page: Buffer, path: string): number {
  checkMagic(page, path, 0);
  const pageBytes = page.readUInt32LE(pageHeaderBytes + 24);
  if (pageBytes < minPageBytes || pageBytes > maxPageBytes || (pageBytes & (pageBytes - 1)) !== 0)
    throw damaged(`claims pages of ${pageBytes} bytes`, path, pageHeaderBytes + 24);
  return pageBytes;
}

/**
 * Reads a meta page.
 *
 * @param page its first {@link pageHeaderBytes} + {@link metaBytes} bytes
 * @param offset of the page in the file
 * @param fileBytes length of the file, against which all counts are checked
 * @throws DataError
 */
export function readMeta(page: Buffer, path: string, offset: number, pageBytes: number, fileBytes: number): LmdbMeta {
  checkMagic(page, path, offset);
  const at = pageHeaderBytes;
  if (page.readUInt32LE(at + 24) !== pageBytes)
    throw damaged(`has two sizes of pages, ${pageBytes} and ${page.readUInt32LE(at + 24)}`, path, offset + at + 24);
  const main = at + 72;
  const flags = page.readUInt16LE(main + 4);
  const depth = page.readUInt16LE(main + 6);
  const noRoot = page.readBigUInt64LE(main + 40) === 2n ** 64n - 1n;
  const meta = {
    pageBytes,
    lastPage: readUint64(page, at + 120),
    transaction: readUint64(page, at + 128),
    depth,
    branchPages: readUint64(page, main + 8),
    leafPages: readUint64(page, main + 16),
    entries: readUint64(page, main + 32),
    root: noRoot ? undefined : readUint64(page, main + 40),
  };
  if (flags !== 0)
    throw new DataError(
      `keys have the flags 0x${flags.toString(16)} (duplicates, integers or reversed); copy the records into a plain database`,
      { path, offset: offset + main + 4 },
    );
  const pages = fileBytes / pageBytes;
  // The tree's pages and, of each record, a pointer and a header lie in the file.
  if (meta.branchPages + meta.leafPages > pages || meta.entries * (2 + nodeHeaderBytes) > fileBytes)
    throw damaged(
      `claims ${meta.entries} records in ${meta.branchPages + meta.leafPages} pages, more than ${fileBytes} bytes can hold`,
      path,
      offset + main,
    );
  if (depth > maxDepth || !Number.isSafeInteger(meta.transaction) || (noRoot ? meta.entries > 0 : depth === 0))
    throw damaged('has a tree that cannot be', path, offset + main);
  return meta;
}

/** The error for a file that is no sound database. */
export function damaged(what: string, path: string, offset: number): DataError {
  return new DataError(`${what}; the database is damaged or cut short, copy or write it anew`, { path, offset });
}

function checkMagic(page: Buffer, path: string, offset: number): void {
  const magicAt = (at: number): boolean => page.readUInt32LE(at) === lmdbMagic;
  const at = pageHeaderBytes;
  const version = page.readUInt32LE(at + 4);
  if (magicAt(at) && version === lmdbVersion && (page.readUInt16LE(10) & pageFlags.meta) !== 0) return;
  if (magicAt(24) || (magicAt(at) && version !== lmdbVersion))
    throw new DataError(
      'is of another data version than 1 (LMDB 0.9), as the npm package lmdb writes them; write it anew with packLmdb or Python, or by mdb_dump and mdb_load',
      { path, offset },
    );
  if (magicAt(12))
    throw new DataError('was written on a 32-bit machine; write it anew by mdb_dump and mdb_load', { path, offset });
  throw new DataError('is no LMDB database (no 0xBEEFC0DE in its first page); check the path', { path, offset });
}
