import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeImage } from '../image/decode-image.js';
import { datasetFromSource } from './dataset-from-source.js';
import { ImageFolderDataset } from './image-folder-dataset.js';

const base = await mkdtemp(join(tmpdir(), 'folder-'));
let root: string;
let count = 0;
beforeEach(async () => {
  root = join(base, String(count++));
  await mkdir(root);
});
afterAll(() => rm(base, { recursive: true }));

const flat = (width: number, height: number, color: { r: number; g: number; b: number; alpha?: number }) =>
  sharp({ create: { width, height, channels: color.alpha === undefined ? 3 : 4, background: color } });
const red = { r: 250, g: 10, b: 10 };

async function put(relative: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(root, relative);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

const paths = (dataset: ImageFolderDataset): string[] =>
  Array.from({ length: dataset.length }, (_, index) => dataset.path(index).slice(root.length + 1));

describe('ImageFolderDataset', () => {
  it('takes sub-folders as classes, any format and case, in a stable order', async () => {
    await put('zebra/b.JPG', await flat(6, 4, red).jpeg().toBuffer());
    await put('zebra/deep/er/a.webp', await flat(6, 4, red).webp().toBuffer());
    await put('Ape/2.png', await flat(6, 4, red).png().toBuffer());
    await put('Ape/10.tiff', await flat(6, 4, red).tiff().toBuffer());
    await put('cow/x.Avif', await flat(16, 16, red).avif().toBuffer());
    await put('cow/y.gif', await flat(6, 4, red).gif().toBuffer());
    await put('cow/notes.txt', 'no image');
    await put('cow/.hidden.png', 'no image');
    const dataset = await ImageFolderDataset.open(root);
    expect(dataset.classes).toEqual(['Ape', 'cow', 'zebra']);
    expect(Array.from({ length: dataset.length }, (_, index) => dataset.path(index).slice(root.length + 1))).toEqual([
      'Ape/10.tiff',
      'Ape/2.png',
      'cow/x.Avif',
      'cow/y.gif',
      'zebra/b.JPG',
      'zebra/deep/er/a.webp',
    ]);
    expect([...dataset.labels!]).toEqual([0, 0, 1, 1, 2, 2]);
    const again = await datasetFromSource(structuredClone(dataset.source));
    for (let index = 0; index < dataset.length; index++) {
      const { image, label } = await dataset.get(index);
      expect(label).toBe(dataset.labels![index]);
      expect(image.shape).toEqual(index === 2 ? [16, 16, 3] : [4, 6, 3]);
      [250, 10, 10].forEach((value, channel) => expect(Math.abs(image.data[channel]! - value)).toBeLessThan(12));
      expect(await again.get(index)).toEqual({ image, label });
    }
  });

  it('reads a flat folder without classes', async () => {
    await put('b.png', await flat(2, 2, red).png().toBuffer());
    await put('a.png', await flat(3, 3, red).png().toBuffer());
    const dataset = await ImageFolderDataset.open(root);
    expect([dataset.length, dataset.labels, dataset.classes]).toEqual([2, undefined, []]);
    expect((await dataset.get(0)).image.shape).toEqual([3, 3, 3]);
    expect((await dataset.get(0)).label).toBeUndefined();
  });

  it('asks when both layouts are mixed', async () => {
    await put('b.png', await flat(2, 2, red).png().toBuffer());
    await put('cat/a.png', await flat(3, 3, red).png().toBuffer());
    await expect(ImageFolderDataset.open(root)).rejects.toThrow(
      /1 of 2 images lie outside the class folders; move them, or pass labels: 'none'/,
    );
    expect((await ImageFolderDataset.open(root, { labels: 'none' })).length).toBe(2);
  });

  it('refuses folders without images, missing folders and files', async () => {
    const file = await put('readme.txt', 'x');
    await expect(ImageFolderDataset.open(root)).rejects.toThrow(
      /holds no images; looked for \.jpg \.jpeg .* here and in sub-folders, and found 1 \.txt \(such as readme\.txt\)/,
    );
    await expect(ImageFolderDataset.open(join(root, 'absent'))).rejects.toThrow(/no such file or folder/);
    await expect(ImageFolderDataset.open(file)).rejects.toThrow(/is not a folder/);
    await expect(ImageFolderDataset.open(join(root, 'absent'))).rejects.toBeInstanceOf(DataError);
  });

  it('refuses links out of the folder and survives loops', async () => {
    await put('cat/a.png', await flat(2, 2, red).png().toBuffer());
    await symlink(root, join(root, 'cat', 'loop-to-the-top'));
    await symlink(join(root, 'cat'), join(root, 'cat', 'loop'));
    expect((await ImageFolderDataset.open(root)).length).toBe(1);
    await symlink(join(base), join(root, 'out'));
    await expect(ImageFolderDataset.open(root)).rejects.toThrow(/out: is a link that leads out of the data folder/);
  });

  it('sorts by code unit and numbers classes by their names, whatever folders hold', async () => {
    const pixel = await flat(1, 1, red).png().toBuffer();
    const files = ['a b/1.png', 'a/2.png', 'a/sub/1.png', 'ａ/x.png', '🦊/x.png', 'é/x.png', 'z-/1.png', 'z/1.png'];
    for (const file of files) await put(file, pixel);
    const dataset = await ImageFolderDataset.open(root);
    const sorted = files.toSorted((a, b) => (a < b ? -1 : 1));
    expect(paths(dataset)).toEqual(sorted);
    const classes = [...new Set(files.map((file) => file.split('/')[0]!))].toSorted((a, b) => (a < b ? -1 : 1));
    expect(dataset.classes).toEqual(classes);
    expect([...dataset.labels!]).toEqual(sorted.map((file) => classes.indexOf(file.split('/')[0]!)));
  });

  it('lists a flat folder of thousands, nested ones without labels', async () => {
    const files = Array.from({ length: 5000 }, (_, i) => `${(i * 7919) % 5000}.${i % 2 === 0 ? 'jpg' : 'PNG'}`);
    await Promise.all(files.map((file) => put(file, '')));
    await put('deep/er/1.JpEg', '');
    const dataset = await ImageFolderDataset.open(root, { labels: 'none' });
    expect(paths(dataset)).toEqual([...files, 'deep/er/1.JpEg'].toSorted((a, b) => (a < b ? -1 : 1)));
    expect(dataset.labels).toBeUndefined();
  });

  it('names a damaged file', async () => {
    const photo = await sharp(Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 31) & 255)), {
      raw: { width: 64, height: 64, channels: 3 },
    })
      .jpeg()
      .toBuffer();
    const path = await put('a.jpg', photo.subarray(0, photo.length / 2));
    await put('b.jpg', 'not a JPEG');
    const dataset = await ImageFolderDataset.open(root);
    await expect(dataset.get(0)).rejects.toMatchObject({ code: 'SSL_DATA', path });
    await expect(dataset.get(0)).rejects.toThrow(/cannot be decoded/);
    await expect(dataset.get(1)).rejects.toThrow(/cannot be decoded/);
  });
});

describe('ImageFolderDataset.fromList', () => {
  const open = async (text: string | Uint8Array, options = {}): Promise<ImageFolderDataset> =>
    ImageFolderDataset.fromList(await put('list.txt', text), options);

  it('takes paths in their order, without labels', async () => {
    await put('b c.png', await flat(2, 3, red).png().toBuffer());
    for (const text of ['b c.png\n\nx/./a.JPG\r\n', gzipSync('b c.png\nx/a.JPG')]) {
      const dataset = await open(text);
      expect([paths(dataset), dataset.labels, dataset.classes]).toEqual([['b c.png', 'x/a.JPG'], undefined, []]);
      expect((await dataset.get(0)).image.shape).toEqual([3, 2, 3]);
      await expect(dataset.get(1)).rejects.toThrow(/a\.JPG: no such file; check the list and its root/);
    }
  });

  it.each([
    ['tabs', 'my cat.jpg\tbig cat\nb.png\tape\nc.png\n'],
    ['commas', 'my cat.jpg,big cat\nb.png,ape\nc.png\n'],
    ['spaces', 'my cat.jpg big cat\nb.png ape\nc.png\n'],
  ])('takes labels behind %s', async (_, text) => {
    const dataset = await open(text, { root: join(root, 'images') });
    expect(paths(dataset)).toEqual(['images/my cat.jpg', 'images/b.png', 'images/c.png']);
    expect(dataset.classes).toEqual(['ape', 'big cat']);
    expect([...dataset.labels!]).toEqual([1, 0, -1]);
  });

  it('takes integers as they are, or as names', async () => {
    const text = 'a.jpg 12\nx.png/b.jpg 3\n';
    const dataset = await open(text);
    expect([paths(dataset), [...dataset.labels!], dataset.classes]).toEqual([['a.jpg', 'x.png/b.jpg'], [12, 3], []]);
    const named = await open(text, { labels: 'names' });
    expect([[...named.labels!], named.classes]).toEqual([
      [0, 1],
      ['12', '3'],
    ]);
  });

  it.each([
    ['a path above', 'a.png\n../b.png 3\n', /list\.txt: line 2 names '\.\.\/b\.png', which lies outside/],
    ['no image', 'a.png\nb.txt\n', /line 2 names no image; looked for \.jpg .* at the end of a path/],
    ['mixed labels', 'a.png 1\nb.png cat\n', /line 2 has the label 'cat' among integers/],
    ['nothing', '\n', /lists no images/],
    ['a long line', `${'x'.repeat(70_000)}.png`, /line 1 has 70004 bytes, the limit is 65536/],
  ])('refuses %s', async (_, text, message) => {
    const error = await open(text).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
  });

  it('refuses links out when it reads', async () => {
    await symlink(base, join(root, 'out'));
    await writeFile(join(base, 'a.png'), await flat(1, 1, red).png().toBuffer());
    await expect((await open('out/a.png\n')).get(0)).rejects.toThrow(/leads out of the data folder/);
  });
});

describe('decodeImage', () => {
  it('makes RGB or grey out of grey, alpha, 16-bit and CMYK', async () => {
    const gray = await sharp(Buffer.from([0, 80, 160, 255]), { raw: { width: 2, height: 2, channels: 1 } })
      .png()
      .toColourspace('b-w')
      .toBuffer();
    expect([...(await decodeImage(gray)).data]).toEqual([0, 0, 0, 80, 80, 80, 160, 160, 160, 255, 255, 255]);
    expect(await decodeImage(gray, { channels: 1 })).toEqual({
      data: Uint8Array.of(0, 80, 160, 255),
      shape: [2, 2, 1],
    });
    const alpha = await flat(1, 1, { ...red, alpha: 0.5 })
      .png()
      .toBuffer();
    expect([...(await decodeImage(alpha)).data]).toEqual([252, 132, 132]);
    expect([...(await decodeImage(alpha, { background: 'drop' })).data]).toEqual([250, 10, 10]);
    const deep = await sharp(Uint16Array.of(0, 257 * 80, 257 * 160, 65535), {
      raw: { width: 2, height: 2, channels: 1 },
    })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(deep, { channels: 1 })).data]).toEqual([0, 80, 160, 255]);
    const cmyk = await flat(8, 8, red).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const back = await decodeImage(cmyk);
    expect(back.shape).toEqual([8, 8, 3]);
    expect(back.data[0]).toBeGreaterThan(180);
    expect(back.data[1]).toBeLessThan(90);
  });

  it('turns the image upright by its EXIF orientation', async () => {
    const turned = await sharp(Buffer.from([10, 20, 30, 40, 50, 60]), { raw: { width: 3, height: 2, channels: 1 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    expect(await decodeImage(turned, { channels: 1 })).toEqual({
      data: Uint8Array.of(40, 10, 50, 20, 60, 30),
      shape: [3, 2, 1],
    });
  });

  it.each([
    ['cover', [6, 8, 3]],
    ['contain', [6, 8, 3]],
    ['stretch', [6, 8, 3]],
    ['inside', [4, 8, 3]],
  ] as const)('resizes to fit: %s', async (fit, shape) => {
    const wide = await flat(40, 20, red).png().toBuffer();
    const image = await decodeImage(wide, { resize: { width: 8, height: 6, fit } });
    expect(image.shape).toEqual(shape);
    expect(image.data[0]).toBe(fit === 'contain' ? 0 : 250);
  });

  it('refuses images with too many pixels', async () => {
    const large = await flat(100, 100, red).png().toBuffer();
    await expect(decodeImage(large, { maxPixels: 9_999 })).rejects.toThrow(/cannot be decoded: .*pixel/i);
  });
});
