import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { photos } from './photo-shards.js';

/**
 * A folder of generated JPEGs of 500 x 375, `000000.jpg` and so on, for both sides of a comparison.
 *
 * @param folder made unless it is there
 */
export async function photoFolder(folder: string, images: number): Promise<void> {
  if ((await readdir(folder).catch(() => [])).length > 0) return;
  const unfinished = `${folder}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  for await (const { key, members } of photos(images)) await writeFile(join(unfinished, `${key}.jpg`), members.jpg);
  await rename(unfinished, folder);
}
