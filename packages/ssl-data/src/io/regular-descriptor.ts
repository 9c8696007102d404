import { constants, fstatSync, type Stats } from 'node:fs';
import { DataError } from '@selfsup/ssl-core';

/** Flags by which opening a pipe without a writer returns, which else would wait beyond the end of the process. */
export const readWithoutWaiting = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Looks at an open file by its descriptor, for places that keep descriptors: a `FileHandle` that is forgotten warns, and
 * data sets may be forgotten. See `openRegularFile` of @selfsup/ssl-core for all others.
 *
 * @throws DataError when it is a pipe, a socket, a device or a folder
 */
export function regularStats(descriptor: number, path: string): Stats {
  const stats = fstatSync(descriptor);
  if (!stats.isFile())
    throw new DataError(
      `is ${stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a pipe' : 'a device'}, not a file; leave it out`,
      { path },
    );
  return stats;
}
