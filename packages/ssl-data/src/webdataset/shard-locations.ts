import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, InvalidOptionError } from 'ssl-core';
import { expandBraces } from './expand-braces.js';
import { fileError } from './file-pool.js';

const where = 'WebDataset.open';

/**
 * Paths and URLs of shards.
 *
 * @param shards one pattern with braces, a folder (its `.tar` files, sorted), or a list of paths and URLs as they are
 * @throws InvalidOptionError for an empty list, and URLs that are neither `file:` nor HTTP; DataError for a folder without shards
 */
export async function shardLocations(shards: string | readonly string[]): Promise<string[]> {
  if (typeof shards !== 'string') {
    if (shards.length === 0) throw new InvalidOptionError(where, 'shards', 'at least one path or URL', '[]');
    return shards.map(checkedLocation);
  }
  if (/[{}]|::/.test(shards)) return expandBraces(shards).map(checkedLocation);
  const location = checkedLocation(shards);
  if (isUrl(location) || !(await isFolder(location))) return [location];
  const names = await readdir(location).catch((cause: unknown) => Promise.reject(fileError(location, cause)));
  const found = names.filter((name) => name.endsWith('.tar') && !name.startsWith('.'));
  if (found.length === 0)
    throw new DataError('holds no shards; looked for .tar files in the folder itself', { path: location });
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map((name) => join(location, name));
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
