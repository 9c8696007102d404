import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { type PackProgress, packWebDataset } from './pack-web-dataset.js';
import { WebDataset } from './web-dataset.js';

const base = await mkdtemp(join(tmpdir(), 'pack-'));
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(base, String(count++));
});
afterAll(() => rm(base, { recursive: true }));

const colors = Uint8Array.from({ length: 5 * 3 * 4 * 3 }, (_, i) => (i * 37) % 256);
const images = new ImageArrayDataset({ data: colors, shape: [5, 3, 4, 3] }, [4, 3, 2, 1, 0]);

describe('packWebDataset', () => {
  it('keeps images in memory pixel by pixel, order, classes and channels', async () => {
    const seen: PackProgress[] = [];
    await packWebDataset(images, folder, { maxSamples: 2, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ samples, total, shards }) => [samples, total, shards])).toEqual([
      [1, 5, 0],
      [2, 5, 0],
      [3, 5, 1],
      [4, 5, 1],
      [5, 5, 2],
    ]);
    const packed = await WebDataset.open(folder, { loadLabels: true });
    expect([...packed.labels!]).toEqual([4, 3, 2, 1, 0]);
    for (let index = 0; index < 5; index++) {
      const { image } = images.get(index);
      expect(Buffer.from((await packed.get(index)).image.data)).toEqual(Buffer.from(image.data));
      expect(packed.key(index)).toBe(`00000${index}`);
    }
    await packed.close();
    const grey = new ImageArrayDataset({ data: colors.subarray(0, 24), shape: [2, 3, 4] });
    await packWebDataset(grey, join(folder, 'grey'));
    const opened = await WebDataset.open(join(folder, 'grey'), { channels: 1 });
    const first = await opened.get(0);
    expect([first.image.shape, first.label]).toEqual([[3, 4, 1], undefined]);
    expect(Buffer.from(first.image.data)).toEqual(Buffer.from(colors.subarray(0, 12)));
    await opened.close();
  });

  it('copies image files and members byte for byte', async () => {
    const photos = join(folder, 'photos');
    for (const [name, color] of [
      ['cat', '#fa3'],
      ['dog', '#13c'],
    ] as const) {
      await mkdir(join(photos, name), { recursive: true });
      const image = sharp({ create: { width: 9, height: 7, channels: 3, background: color } });
      await writeFile(join(photos, name, 'a.JPG'), await image.jpeg().toBuffer());
    }
    await packWebDataset(await ImageFolderDataset.open(photos), join(folder, 'once'));
    const once = await WebDataset.open(join(folder, 'once'));
    await packWebDataset(once, join(folder, 'twice'));
    const twice = await WebDataset.open(join(folder, 'twice'));
    for (const dataset of [once, twice]) {
      const { members } = await dataset.getRaw(1);
      expect([...members.keys()]).toEqual(['cls', 'jpg']);
      expect(Buffer.from(members.get('cls')!).toString()).toBe('1');
      expect(Buffer.from(members.get('jpg')!)).toEqual(await readFile(join(photos, 'dog', 'a.JPG')));
      await dataset.close();
    }
  });

  it('writes over no shard that came while it packed', async () => {
    const onProgress = ({ samples }: PackProgress): void => {
      if (samples === 3) writeFileSync(join(folder, '000000.tar'), 'mine');
    };
    await expect(packWebDataset(images, folder, { onProgress })).rejects.toThrow(
      /000000.tar: was put there by somebody else while the shard was written; move it away, and pack again/,
    );
    expect(await readFile(join(folder, '000000.tar'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['000000.tar']);
  });

  it('encodes as asked', async () => {
    await packWebDataset(images, folder, { encode: { format: 'jpeg', quality: 50 } });
    const packed = await WebDataset.open(folder);
    const { members } = await packed.getRaw(0);
    expect([...members.keys()]).toEqual(['cls', 'jpg']);
    expect((await sharp(members.get('jpg')!).metadata()).format).toBe('jpeg');
    await packed.close();
    await expect(packWebDataset(images, folder, { encode: { format: 'bmp' as never } })).rejects.toThrow(
      /encode.format/,
    );
    await expect(packWebDataset(images, folder, { encode: { format: 'png', quality: 0 } })).rejects.toThrow(/quality/);
  });

  it('takes samples as they come, and leaves no half shard when they end badly', async () => {
    async function* samples() {
      yield { key: 'a', members: new Map([['txt', 'one']]) };
      yield { key: 'b', members: { txt: 'two' } };
      throw new RangeError('the source broke');
    }
    await expect(packWebDataset(samples(), folder, { maxSamples: 1 })).rejects.toThrow('the source broke');
    expect((await readdir(folder)).sort()).toEqual(['000000.tar', '000000.tar.index.json']);
  });
});
