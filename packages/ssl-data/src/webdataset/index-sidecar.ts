import { readFile, stat } from 'node:fs/promises';
import { writeWhole } from 'ssl-core/files';
import { maxExtensions, type ShardIndex } from './shard-index.js';

const format = 'ssl-data webdataset index';
const version = 1;
/** Larger sidecars are neither written nor read: the archive is scanned again instead. */
export const maxSidecarBytes = 2 ** 28;

/** Where the index of a local archive lies when it lies beside it. */
export function sidecarPath(path: string): string {
  return `${path}.index.json`;
}

/**
 * Writes an index to a file, by a temporary name.
 *
 * @param modified time of the archive's last change in ms, by which a reader tells whether the index still holds
 */
export async function writeSidecar(path: string, index: ShardIndex, modified?: number): Promise<void> {
  const text = JSON.stringify({ format, version, ...(modified === undefined ? {} : { modified }), ...index });
  if (text.length <= maxSidecarBytes) await writeWhole(path, text);
}

/**
 * Reads the index of an archive.
 *
 * @returns `undefined` when there is none, or none that belongs to an archive of this size and time
 */
export async function readSidecar(path: string, size: number, modified?: number): Promise<ShardIndex | undefined> {
  try {
    if ((await stat(path)).size > maxSidecarBytes) return undefined;
    return parseSidecar(await readFile(path, 'utf8'), size, modified);
  } catch {
    return undefined;
  }
}

/**
 * Checks an index as it comes from a file or a server, all numbers against the archive's size.
 *
 * @returns `undefined` when it is damaged, of another version or of another archive
 */
export function parseSidecar(text: string, size: number, modified?: number): ShardIndex | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const record = found as Partial<Record<keyof ShardIndex | 'format' | 'version' | 'modified', unknown>>;
  if (record.format !== format || record.version !== version || record.size !== size) return undefined;
  if (modified !== undefined && record.modified !== modified) return undefined;
  const { plainNames, extensions, keys, counts, extensionOf, offsets, sizes } = record;
  if (typeof plainNames !== 'boolean' || !isArrayOf(isName, extensions) || !isArrayOf(isName, keys)) return undefined;
  if (!isArrayOf(isCount, counts) || !isArrayOf(isCount, extensionOf)) return undefined;
  if (!isArrayOf(isCount, offsets) || !isArrayOf(isCount, sizes)) return undefined;
  const index = { size, plainNames, extensions, keys, counts, extensionOf, offsets, sizes };
  return isConsistent(index) ? index : undefined;
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

function isArrayOf<T>(is: (value: unknown) => value is T, value: unknown): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}
