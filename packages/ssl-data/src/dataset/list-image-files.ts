import { opendir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DataError } from 'ssl-core';
import { sortStrings } from './sort-strings.js';
import type { StringTable } from './string-table.js';
import { StringTableBuilder } from './string-table-builder.js';

/** Extensions that count as images, in any case. */
export const imageExtensions = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'tif', 'tiff', 'gif'] as const;

const pattern = new RegExp(`\\.(${imageExtensions.join('|')})$`, 'i');
const maxDepth = 64;

/**
 * Paths of all images under a folder, relative to it with `/`, sorted by code unit (the same on every machine).
 * Millions of files leave no object each.
 *
 * @throws DataError for a folder that is missing, holds no image or is nested too deeply, and for a link that leads out of it
 */
export async function listImageFiles(root: string): Promise<StringTable> {
  const found = new StringTableBuilder();
  const top = await attempt(root, () => realpath(root));
  if (!(await stat(top)).isDirectory())
    throw new DataError('is not a folder; give the folder that holds the images', { path: root });
  await walk(root, top, '', 0, new Set([top]), found);
  if (found.length === 0)
    throw new DataError(
      `holds no images; looked for ${imageExtensions.map((extension) => `.${extension}`).join(' ')} here and in sub-folders`,
      { path: root },
    );
  return sortStrings(found.finish());
}

async function walk(
  root: string,
  top: string,
  folder: string,
  depth: number,
  ancestors: ReadonlySet<string>,
  found: StringTableBuilder,
): Promise<void> {
  if (depth > maxDepth) throw new DataError(`folders are nested deeper than ${maxDepth}`, { path: join(root, folder) });
  const entries = await attempt(join(root, folder), () => opendir(join(root, folder), { bufferSize: 4096 }));
  for await (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const path = join(root, relative);
    let isFolder = entry.isDirectory();
    let isFile = entry.isFile();
    const real = entry.isSymbolicLink() || isFolder ? await attempt(path, () => realpath(path)) : path;
    if (entry.isSymbolicLink()) {
      if (!real.startsWith(top + sep))
        throw new DataError(`is a link that leads out of the data folder, to ${real}; copy the files instead`, {
          path,
        });
      const status = await attempt(path, () => stat(path));
      isFolder = status.isDirectory();
      isFile = status.isFile();
    }
    if (isFile && pattern.test(entry.name)) found.add(relative);
    // A link to a folder above would never end.
    if (isFolder && !ancestors.has(real))
      await walk(root, top, relative, depth + 1, new Set(ancestors).add(real), found);
  }
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DataError(
      missing ? 'no such file or folder; check the path' : `cannot be read: ${(cause as Error).message}`,
      { path, cause },
    );
  }
}
