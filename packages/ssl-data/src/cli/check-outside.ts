import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { InvalidOptionError } from '@selfsup/ssl-core';

/**
 * Refuses to write into the folder that is read: shards among pictures are a source that no longer opens, and a folder
 * of them is taken for a class.
 *
 * @param source a path, or whatever else `openSource` takes
 * @throws InvalidOptionError
 */
export async function checkOutside(where: string, source: string, out: string): Promise<void> {
  const folder = await stat(source).catch(() => undefined);
  if (folder?.isDirectory() !== true) return;
  const way = relative(await realpath(source), await whereTo(resolve(out)));
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return;
  throw new InvalidOptionError(where, '<out>', `outside of the source, ${source}`, out);
}

/** Where a path leads that may not be there yet. */
async function whereTo(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await whereTo(dirname(path)), basename(path));
}
