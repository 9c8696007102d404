import { opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';
import { isSystemFolder } from '../dataset/system-folders.js';

/** A place that may hold data, and as much of it as tells what it is. */
export interface SourcePlace {
  /** Path or URL. */
  readonly location: string;
  /** `pattern`: a path with braces that stands for several files; `url`: on a server, perhaps with braces too. */
  readonly form: 'file' | 'folder' | 'pattern' | 'url';
  /** Last part of the path, without a URL's query. */
  readonly name: string;
  /** First bytes of a file. */
  readonly head: Uint8Array;
  /** Files in a folder, relative to it with `/`, its own before those of sub-folders; the first of them only. */
  readonly files: readonly string[];
}

const headBytes = 512;
/** Enough for a thousand class folders and some files of each. */
const maxEntries = 20_000;
const maxDepth = 8;

/**
 * Looks at a path or URL without reading more than a folder's first entries and a file's first bytes.
 *
 * @throws InvalidOptionError for a URL that is neither HTTP nor `file:`; DataError where there is nothing
 */
export async function lookAt(source: string): Promise<SourcePlace> {
  const nothing = { head: new Uint8Array(0), files: [] };
  if (/^https?:\/\//i.test(source)) {
    const name = basename(source.replace(/[?#].*$/s, ''));
    return { location: source, form: 'url', name, ...nothing };
  }
  if (!/^file:/i.test(source) && /^pipe:|^[a-z][a-z0-9+.-]+:\/\//i.test(source))
    throw new InvalidOptionError(
      'openSource',
      'source',
      'a path, or an http:, https: or file: URL (object stores have one for each object)',
      source,
    );
  const location = /^file:/i.test(source) ? fileURLToPath(source) : source;
  const place = { location, name: basename(location), ...nothing };
  try {
    const status = await stat(location);
    if (status.isDirectory()) return { ...place, form: 'folder', files: await firstFiles(location) };
    if (status.isFile()) return { ...place, form: 'file', head: await firstBytes(location) };
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    const missing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    if (missing && /[{}]|::/.test(location)) return { ...place, form: 'pattern' };
    throw new DataError(
      missing ? 'no such file or folder; check the path' : `cannot be read: ${(cause as Error).message}`,
      { path: location, cause },
    );
  }
  throw new DataError('is neither a file nor a folder', { path: location });
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await openRegularFile(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Breadth first; hidden entries and folders of the system are passed over, links to folders are not followed. */
async function firstFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [''];
  let entries = 0;
  for (let next = folders.shift(); next !== undefined && entries < maxEntries; next = folders.shift()) {
    const folder = await opendir(join(root, next)).catch((cause: unknown) => {
      if (next === '') throw cause;
      // Whoever opens the source counts it.
    });
    if (folder === undefined) continue;
    for await (const entry of folder) {
      if (++entries > maxEntries) break;
      if (entry.name.startsWith('.')) continue;
      const path = next === '' ? entry.name : `${next}/${entry.name}`;
      if (!entry.isDirectory()) files.push(path);
      else if (isSystemFolder(entry.name)) continue;
      else if (path.split('/').length < maxDepth) folders.push(path);
    }
  }
  return files;
}
