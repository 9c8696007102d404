import { open, rename, rm } from 'node:fs/promises';
import { threadId } from 'node:worker_threads';

let written = 0;

/** A name beside `path` that no other thread or process uses; readers and scans pass over what ends so. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${threadId}-${written++}.tmp`;
}

/** Writes a file whole: by a temporary name, to the disk, renamed. */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
