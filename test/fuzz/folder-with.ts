import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A folder with one file from `path`, and the others of `from` as they are. */
export function folderWith(path: string, from: string): string {
  const folder = join(path, '..', 'folder');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const own = basename(path).replace(/^checked-/, '');
  for (const name of readdirSync(from)) if (name !== own) copyFileSync(join(from, name), join(folder, name));
  copyFileSync(path, join(folder, own));
  return folder;
}
