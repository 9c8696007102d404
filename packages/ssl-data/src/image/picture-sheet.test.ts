import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { DataError, ndArray } from '@selfsup/ssl-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writePictureSheet } from './picture-sheet.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-sheet-'));
});
afterEach(() => rm(folder, { recursive: true }));

const draw = (path: string, level: number) =>
  writePictureSheet(path, { rows: 1, columns: 1, cell: 8 }, [
    { image: ndArray(new Uint8Array(4).fill(level), [2, 2, 1]), row: 0, column: 0, scale: 4 },
  ]);

it('replaces a sheet, and neither a picture of somebody else nor another file nor a link', async () => {
  const sheet = join(folder, 'sheet.png');
  await draw(sheet, 0);
  const first = await readFile(sheet);
  await draw(sheet, 255);
  expect((await readFile(sheet)).equals(first)).toBe(false);
  const photo = join(folder, 'photo.png');
  await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } })
    .png()
    .toFile(photo);
  const notes = join(folder, 'notes.txt');
  await writeFile(notes, 'mine');
  const link = join(folder, 'link.png');
  await symlink(notes, link);
  for (const path of [photo, notes, link]) {
    const before = await readFile(path);
    await expect(draw(path, 0)).rejects.toSatisfy(
      (error) => DataError.isInstance(error) && error.message.includes('is no sheet of ssl-data'),
    );
    expect(await readFile(path)).toEqual(before);
  }
});
