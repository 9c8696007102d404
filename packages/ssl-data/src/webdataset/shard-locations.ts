import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { endingOf, type LeftOut, LeftOutCounter, leftOutText } from '../dataset/left-out.js';
import { expandBraces } from './expand-braces.js';
import { fileError } from './file-pool.js';
import { sidecarPath } from './index-sidecar.js';
import { checkPath } from '@selfsup/ssl-core/files';

const where = 'WebDataset.open';

/** Where shards lie. */
export interface ShardLocations {
  /** Paths and URLs. */
  readonly locations: readonly string[];
  /** What else lies in their folder. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Paths and URLs of shards.
 *
 * @param shards one pattern with braces, a folder (its `.tar` files, sorted), or a list of paths and URLs as they are
 * @throws InvalidOptionError for an empty list, and URLs that are neither `file:` nor HTTP; DataError for a folder without shards
 */
export async function shardLocations(shards: string | readonly string[]): Promise<ShardLocations> {
  const as = (locations: readonly string[]): ShardLocations => ({ locations, leftOut: [] });
  if (!Array.isArray(shards)) checkPath(where, 'shards', shards);
  if (typeof shards !== 'string') {
    if (shards.length === 0) throw new InvalidOptionError(where, 'shards', 'at least one path or URL', '[]');
    return as(shards.map(checkedLocation));
  }
  if (/[{}]|::/.test(shards)) return as(expandBraces(shards).map(checkedLocation));
  const location = checkedLocation(shards);
  if (isUrl(location) || !(await isFolder(location))) return as([location]);
  const entries = await readdir(location, { withFileTypes: true }).catch((cause: unknown) =>
    Promise.reject(fileError(location, cause)),
  );
  const found: string[] = [];
  const leftOut = new LeftOutCounter();
  for (const entry of entries) {
    const { name } = entry;
    if (name.startsWith('.') || name.endsWith(sidecarPath('.tar'))) continue;
    if (/\.tar$/i.test(name)) found.push(name);
    else leftOut.add(entry.isDirectory() ? 'folders' : endingOf(name), name);
  }
  if (found.length === 0) {
    const others = leftOutText(leftOut.finish());
    throw new DataError(
      `holds no shards; looked for .tar files in the folder itself${others === '' ? '' : `, and found ${others}`}; give the folder that holds them, unpacked by gunzip where they are compressed, or a pattern`,
      { path: location },
    );
  }
  found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { locations: found.map((name) => join(location, name)), leftOut: leftOut.finish() };
}

/** Whether a shard is fetched over HTTP. */
export function isUrl(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

function checkedLocation(location: string): string {
  if (isUrl(location)) {
    const url = URL.canParse(location) ? new URL(location) : undefined;
    if (url === undefined || url.username !== '' || url.password !== '')
      throw new InvalidOptionError(
        where,
        'shards',
        'valid URLs without user and password (pass http: { headers: { authorization } } instead)',
        url === undefined ? location : `one for ${url.host} with a user`,
      );
    return location;
  }
  if (/^file:\/\//i.test(location)) return fileURLToPath(location);
  // More than one letter: C:\data is a path. The Python package runs what stands behind pipe: in a shell.
  if (/^pipe:|^[a-z][a-z0-9+.-]+:\/\//i.test(location))
    throw new InvalidOptionError(where, 'shards', 'paths, or http:, https: and file: URLs', location);
  return location;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw fileError(path, cause);
  }
}
