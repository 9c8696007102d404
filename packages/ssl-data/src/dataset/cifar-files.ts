import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { readBounded } from '../io/read-bounded.js';
import { scanTar } from '../webdataset/scan-tar.js';

/** The files of a release, wherever they lie. */
export interface CifarFiles {
  /** Contents of a file and its name for messages; undefined when there is none. */
  read(name: string): Promise<{ readonly path: string; readonly bytes: Uint8Array } | undefined>;
}

/**
 * Files in a folder, or in the sub-folder that unpacking makes, or in the archive as published, which is held in memory.
 *
 * @param path folder, or .tar, .tar.gz or .tgz
 * @param folder name of the folder that the archive has
 * @param maxBytes most bytes of a file, and of the unpacked archive
 * @throws DataError when there is neither
 */
export async function cifarFiles(path: string, folder: string, maxBytes: number): Promise<CifarFiles> {
  const status = await statOf(path);
  if (status === undefined)
    throw new DataError('no such file or folder; check the path, or fetch it with downloadCifar()', { path });
  if (!status.isDirectory()) return archiveFiles(path, folder, maxBytes);
  const inner = join(path, folder);
  const root = (await statOf(inner))?.isDirectory() === true ? inner : path;
  return {
    async read(name) {
      const file = join(root, name);
      return (await statOf(file)) === undefined ? undefined : { path: file, bytes: await readBounded(file, maxBytes) };
    },
  };
}

async function statOf(path: string) {
  return stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new DataError(`cannot be read: ${cause.message}`, { path, cause });
  });
}

async function archiveFiles(path: string, folder: string, maxBytes: number): Promise<CifarFiles> {
  const archive = await readBounded(path, maxBytes);
  const members = new Map<string, Uint8Array>();
  const read = (offset: number, length: number) => Promise.resolve(archive.subarray(offset, offset + length));
  await scanTar({ path, size: archive.length, read }, 1000, ({ name, offset, size }) => {
    members.set(name.replace(/^\.\//, ''), archive.subarray(offset, offset + size));
  });
  return {
    async read(name) {
      const bytes = members.get(`${folder}/${name}`);
      return bytes === undefined ? undefined : { path: `${path}:${folder}/${name}`, bytes };
    },
  };
}
