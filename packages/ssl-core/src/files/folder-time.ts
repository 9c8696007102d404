import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName } from './temporary-name.js';

/** Now, by the clock that dates the files of a folder: a server's may differ from this machine's. Milliseconds. */
export async function folderTime(folder: string): Promise<number> {
  const probe = temporaryName(join(folder, '.time'));
  const file = await open(probe, 'wx');
  try {
    await file.close();
    return (await stat(probe)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}
