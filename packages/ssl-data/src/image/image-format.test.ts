import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { type ImageFormat, imageFormat, imageFormats } from './image-format.js';

const goldens = fileURLToPath(new URL('../../../../test/golden/images/', import.meta.url));
const { cases } = JSON.parse(await readFile(join(goldens, 'kinds/kinds.json'), 'utf8')) as {
  cases: readonly { readonly name: string; readonly file: string }[];
};
const kind = (wanted: string): Buffer => Buffer.from(cases.find(({ name }) => name === wanted)!.file, 'base64');
const files: Readonly<Record<ImageFormat, Buffer>> = {
  jpeg: await readFile(join(goldens, 'color.jpg')),
  png: await readFile(join(goldens, 'color.png')),
  webp: await readFile(join(goldens, 'color.webp')),
  avif: await readFile(join(goldens, 'color.avif')),
  tiff: await readFile(join(goldens, 'color.tif')),
  gif: await readFile(join(goldens, 'color.gif')),
  bmp: kind('BMP'),
  pnm: kind('PPM'),
};

it('finds every format by its endings in any case, and tells it by its bytes whatever the ending', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'image-format-'));
  try {
    let count = 0;
    for (const [format, bytes] of Object.entries(files) as [ImageFormat, Buffer][]) {
      expect(imageFormat(bytes)).toBe(format);
      for (const ending of imageFormats[format].endings)
        for (const written of [ending, ending.toUpperCase()]) {
          await writeFile(join(folder, `${count++}.${written}`), bytes);
          // Under a name that says otherwise.
          await writeFile(join(folder, `${count++}.${written}`), files.bmp);
        }
    }
    const dataset = await ImageFolderDataset.open(folder);
    expect(dataset.length).toBe(count);
    expect(count).toBeGreaterThan(70);
    for (let index = 0; index < count; index++) expect((await dataset.get(index)).image.shape[2]).toBe(3);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('tells no text and no other file for a picture', () => {
  for (const text of [
    'BM',
    'BMW 3 and others, tests of cars and more',
    'P3',
    'P8 1 1 255',
    'Pf\n1 1\n-1',
    'GIF88a',
    '\xff\xd8',
    '',
  ])
    expect(imageFormat(Buffer.from(text, 'latin1'))).toBeUndefined();
  for (let kindOfMap = 1; kindOfMap <= 7; kindOfMap++)
    expect(imageFormat(Buffer.from(`P${kindOfMap}\n`, 'latin1'))).toBe('pnm');
});
