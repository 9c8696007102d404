import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';
import { sidecarPath } from './index-sidecar.js';
import type { ShardPattern } from './shard-pattern.js';
import { tarHeaderBlocks } from './tar-blocks.js';

/**
 * Shards of a pattern in a folder that may be replaced.
 *
 * @param advice how to have them replaced, for the message
 * @returns their names
 * @throws DataError where there are some and they may not be replaced, or where one is not what this program wrote
 */
export async function ownShards(
  folder: string,
  names: ShardPattern,
  { pattern, overwrite, advice }: { readonly pattern: string; readonly overwrite: boolean; readonly advice: string },
): Promise<readonly string[]> {
  const there = (await readdir(folder)).filter(names.matches);
  if (there.length > 0 && !overwrite)
    throw new DataError(
      `holds ${there.length} shards of the pattern ${pattern} already; choose another folder, or ${advice}`,
      { path: folder },
    );
  for (const name of there) {
    const path = join(folder, name);
    if (!(await lstat(path)).isFile() || !(await isWrittenHere(path)))
      throw new DataError(`was not written by ssl-data, and is not replaced; move it away, or choose another folder`, {
        path,
      });
  }
  return there;
}

/** Removes shards with their indexes. */
export async function removeShards(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await rm(sidecarPath(join(folder, name)), { force: true });
    await rm(join(folder, name), { force: true });
  }
}

const blockBytes = 512;
/** A PAX header, its record of a name that fits a sample's key, and the header after it. */
const headBytes = 16 * blockBytes;

/**
 * Whether a shard begins as this program's writer begins one: its first header is, byte for byte, what the writer makes
 * of the name and size in it. Other writers put a time, an owner or another mode there.
 */
async function isWrittenHere(path: string): Promise<boolean> {
  const head = Buffer.alloc(headBytes);
  const file = await openRegularFile(path);
  try {
    await file.read(head, 0, headBytes, 0);
  } finally {
    await file.close();
  }
  const text = (start: number, length: number): string =>
    head.toString('utf8', start, start + length).split('\0', 1)[0]!;
  const isLong = text(156, 1) === 'x';
  const record = isLong ? Number.parseInt(text(124, 12), 8) : 0;
  const last = isLong ? blockBytes * (1 + Math.ceil(record / blockBytes)) : 0;
  if (!(last + blockBytes <= headBytes)) return false;
  const name = isLong
    ? head
        .toString('utf8', blockBytes, blockBytes + record)
        .replace(/^\d+ path=/, '')
        .slice(0, -1)
    : [text(345, 155), text(0, 100)].filter((part) => part !== '').join('/');
  const size = Number.parseInt(text(last + 124, 12), 8);
  if (name === '' || !Number.isSafeInteger(size)) return false;
  const blocks = tarHeaderBlocks(name, size);
  return head.subarray(0, blocks.length).equals(blocks);
}
