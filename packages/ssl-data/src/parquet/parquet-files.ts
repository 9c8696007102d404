import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { endingOf, type LeftOut, LeftOutCounter, leftOutText } from '../dataset/left-out.js';
import { fileError } from '../webdataset/file-pool.js';
import { checkPath } from '@selfsup/ssl-core/files';

/**
 * Paths of Parquet files: one, those of a folder (sorted), or a list as it is.
 *
 * @throws InvalidOptionError for an empty list; DataError for a folder without such files
 */
export async function parquetFiles(
  files: string | readonly string[],
): Promise<{ readonly paths: readonly string[]; readonly leftOut: readonly LeftOut[] }> {
  const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  if (!Array.isArray(files)) checkPath('ParquetImageDataset.open', 'files', files);
  if (typeof files !== 'string') {
    if (files.length === 0)
      throw new InvalidOptionError('ParquetImageDataset.open', 'files', 'at least one path', '[]');
    return { paths: files, leftOut: [] };
  }
  const leftOut = new LeftOutCounter();
  try {
    if (!(await stat(files)).isDirectory()) return { paths: [files], leftOut: [] };
    const entries = (await readdir(files, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
    const names = entries.filter(({ name }) => name.endsWith('.parquet')).map(({ name }) => name);
    for (const entry of entries)
      if (!entry.name.endsWith('.parquet'))
        leftOut.add(entry.isDirectory() ? 'folders' : endingOf(entry.name), entry.name);
    if (names.length > 0)
      return { paths: names.sort(byName).map((name) => join(files, name)), leftOut: leftOut.finish() };
  } catch (cause) {
    throw fileError(files, cause);
  }
  const found = leftOutText(leftOut.finish());
  throw new DataError(
    `holds no .parquet files in the folder itself${found === '' ? '' : `, but ${found}`}; give the folder that holds them, or a list of files`,
    { path: files },
  );
}
