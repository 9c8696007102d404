import { createHash } from 'node:crypto';
import { openRegularFile, writeWhole } from '@selfsup/ssl-core/files';
import type { LeftOut } from '../dataset/left-out.js';
import type { NameSplit } from './member-name.js';
import { isClassRecord } from './class-record.js';
import { maxExtensions, type ShardIndex } from './shard-index.js';

const format = 'ssl-data webdataset index';
const version = 2;
/** Larger sidecars are neither written nor read: the archive is scanned again instead. */
const maxSidecarBytes = 2 ** 26;

/** Bytes that the index of an archive can have: each member has a header of 512 bytes, of which it holds a part. */
export function largestSidecar(archiveBytes: number): number {
  return Math.min(maxSidecarBytes, archiveBytes + 2 ** 16);
}

/** Where the index of a local archive lies when it lies beside it. */
export function sidecarPath(path: string): string {
  return `${path}.index.json`;
}

/** By what a reader tells whether an index still holds. */
export interface SidecarFor {
  /** Bytes of the archive. */
  readonly size: number;
  /** Time of its last change, ms, where it lies here. */
  readonly modified?: number | undefined;
  readonly split: NameSplit;
}

/**
 * Writes an index to a file, by a temporary name and with a checksum of its own.
 *
 * @param modified time of the archive's last change, ms
 */
export async function writeSidecar(path: string, index: ShardIndex, modified?: number): Promise<void> {
  const text = JSON.stringify({ format, version, sha256: digestOf(index, modified), ...content(index, modified) });
  if (Buffer.byteLength(text) <= largestSidecar(index.size)) await writeWhole(path, text);
}

/**
 * Reads the index of an archive.
 *
 * @returns `undefined` when there is none, or none that is whole and of this archive
 */
export async function readSidecar(path: string, archive: SidecarFor): Promise<ShardIndex | undefined> {
  try {
    const file = await openRegularFile(path, { maxBytes: largestSidecar(archive.size) });
    try {
      return parseSidecar(await file.readFile('utf8'), archive);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * Checks an index as it comes from a file or a server: its checksum, and all numbers against the archive's size.
 *
 * @returns `undefined` when it is damaged, of another version or of another archive
 */
export function parseSidecar(text: string, { size, modified, split }: SidecarFor): ShardIndex | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const record = found as Partial<Record<keyof ShardIndex | 'format' | 'version' | 'modified' | 'sha256', unknown>>;
  if (record.format !== format || record.version !== version || record.size !== size) return undefined;
  if (record.split !== split || (modified !== undefined && record.modified !== modified)) return undefined;
  const { plainNames, extensions, keys, counts, extensionOf, offsets, sizes, leftOut, classes } = record;
  if (typeof plainNames !== 'boolean' || !isArrayOf(isName, extensions) || !isArrayOf(isName, keys)) return undefined;
  if (!isArrayOf(isCount, counts) || !isArrayOf(isCount, extensionOf)) return undefined;
  if (!isArrayOf(isCount, offsets) || !isArrayOf(isCount, sizes) || !isArrayOf(isLeftOut, leftOut)) return undefined;
  if (classes !== undefined && !isClassRecord(classes)) return undefined;
  const index = { size, split, plainNames, extensions, keys, counts, extensionOf, offsets, sizes, leftOut, classes };
  if (record.sha256 !== digestOf(index, record.modified)) return undefined;
  return isConsistent(index) ? index : undefined;
}

/** The fields in one order, whatever order they were in. */
function content(index: ShardIndex, modified: unknown): object {
  const { size, split, plainNames, extensions, keys, counts, extensionOf, offsets, sizes, leftOut, classes } = index;
  const about = { size, split, ...(modified === undefined ? {} : { modified }), plainNames, leftOut };
  // Last, and absent where there are none: JSON leaves out what is undefined.
  return { ...about, extensions, keys, counts, extensionOf, offsets, sizes, classes };
}

function digestOf(index: ShardIndex, modified: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(content(index, modified)))
    .digest('hex');
}

function isConsistent(index: ShardIndex): boolean {
  const { size, extensions, keys, counts, extensionOf, offsets, sizes } = index;
  const members = offsets.length;
  if (keys.length !== counts.length || extensionOf.length !== members || sizes.length !== members) return false;
  if (extensions.length > maxExtensions || new Set(extensions).size !== extensions.length) return false;
  let member = 0;
  let free = 0;
  for (const count of counts) {
    if (count < 1 || member + count > members) return false;
    if (new Set(extensionOf.slice(member, member + count)).size !== count) return false;
    for (const end = member + count; member < end; member++) {
      // A header stands before the data, and members do not overlap.
      if (offsets[member]! % 512 !== 0 || offsets[member]! < free + 512) return false;
      free = offsets[member]! + sizes[member]!;
      if (free > size || extensionOf[member]! >= extensions.length) return false;
    }
  }
  return member === members;
}

const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= 4096;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isLeftOut(value: unknown): value is LeftOut {
  const { kind, count, names } = (value ?? {}) as Partial<Record<keyof LeftOut, unknown>>;
  return isName(kind) && isCount(count) && isArrayOf(isName, names);
}

function isArrayOf<T>(is: (value: unknown) => value is T, value: unknown): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}
