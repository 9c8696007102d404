import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { decodeImage } from '../image/decode-image.js';
import { centerCrop } from '../views/center-crop.js';
import { compose } from '../views/compose.js';
import { horizontalFlip } from '../views/flip.js';
import { gaussianBlur } from '../views/gaussian-blur.js';
import { randomCrop } from '../views/random-crop.js';
import { resize } from '../views/resize.js';
import { resizeShortSide } from '../views/resize-short-side.js';
import { evaluationViews } from '../views/supervised-views.js';
import type { View } from '../views/view.js';
import { DataLoader } from './data-loader.js';

const root = await mkdtemp(join(tmpdir(), 'damaged-pictures-'));
afterAll(() => rm(root, { recursive: true }));

const picture = sharp(
  Uint8Array.from({ length: 60 * 50 * 3 }, (_, i) => Math.imul(i >> 3, 0x9e3779b1) >>> 24),
  { raw: { width: 60, height: 50, channels: 3 } },
);
/** Damaged in ways of which libvips tells different things. */
async function damagedPictures(): Promise<Readonly<Record<string, Buffer>>> {
  const [png, webp, tiff, jpeg, avif, gif] = await Promise.all(
    (['png', 'webp', 'tiff', 'jpeg', 'avif', 'gif'] as const).map((format) =>
      picture.clone().toFormat(format).toBuffer(),
    ),
  );
  const crc = Buffer.from(png!);
  crc[crc.indexOf('IDAT') + 20]! ^= 0xff;
  const huffman = Buffer.from(jpeg!);
  huffman[huffman.indexOf(Buffer.from([0xff, 0xc4])) + 6] = 0xff;
  return {
    'crc.png': crc,
    'cut.png': png!.subarray(0, png!.length / 2),
    'cut.webp': webp!.subarray(0, webp!.length / 2),
    'cut.tif': tiff!.subarray(0, tiff!.length / 2),
    'cut.jpg': jpeg!.subarray(0, jpeg!.length / 2),
    'huffman.jpg': huffman,
    'cut.avif': avif!.subarray(0, avif!.length / 2),
    'cut.gif': gif!.subarray(0, gif!.length / 2),
    'page.jpg': Buffer.from('<!DOCTYPE html><html><body>404</body></html>'),
  };
}

describe('texts of damaged pictures', () => {
  const folder = join(root, 'damaged');
  /** What decodeImage says of each alone. */
  const alone = new Map<string, string>();
  beforeAll(async () => {
    await mkdir(folder);
    const damaged = await damagedPictures();
    for (const [name, bytes] of Object.entries(damaged)) {
      await writeFile(join(folder, name), bytes);
      const error: unknown = await decodeImage(join(folder, name)).catch((caught: unknown) => caught);
      if (!DataError.isInstance(error)) throw error;
      alone.set(name, error.message.replace(`${join(folder, name)}: `, ''));
    }
    const whole = await picture.clone().png().toBuffer();
    for (let index = 0; index < 30; index++) await writeFile(join(folder, `whole-${index}.png`), whole);
  });

  it('name the format and nothing of the decoder behind it', () => {
    expect(alone.get('crc.png')).toBe(
      'cannot be decoded: its PNG data are damaged or cut short; replace or remove the file',
    );
    expect(alone.get('cut.webp')).toMatch(/its WebP data are damaged/);
    expect(alone.get('cut.tif')).toMatch(/its TIFF (?:data are damaged|has a directory that is cut short)/);
    expect(alone.get('cut.jpg')).toMatch(/its picture has no end/);
    expect(alone.get('cut.avif')).toMatch(/its AVIF data are damaged/);
    expect(alone.get('cut.gif')).toMatch(/its GIF data are cut short/);
    expect(alone.get('page.jpg')).toMatch(/an HTML file/);
    for (const text of alone.values()) expect(text).not.toMatch(/vips|load|pngload|spng|heif|Input|buffer|\n/);
  });

  it('are the same when others are decoded at the same time', async () => {
    const names = [...alone.keys()];
    const many = Array.from({ length: 60 }, (_, i) => names[(i * 7) % names.length]!);
    const texts = await Promise.all(
      many.map((name) =>
        decodeImage(join(folder, name)).then(
          () => 'decoded',
          (error: Error) => error.message.replace(`${join(folder, name)}: `, ''),
        ),
      ),
    );
    expect(texts).toEqual(many.map((name) => alone.get(name)));
  });

  it.each([0, 1, 4])('are the same with %i workers', async (workers) => {
    const dataset = await ImageFolderDataset.open(folder);
    const loader = new DataLoader({
      dataset,
      views: [resize({ size: 8 })],
      batchSize: 6,
      seed: 3,
      dropLast: false,
      workers,
      onError: 'skip',
      maxSkippedShare: 1,
    });
    try {
      for await (const batch of loader.epoch(0)) expect(batch.views[0]!.shape[1]).toBe(8);
      const reasons = new Map(
        [...loader.skipped].map(([index, reason]) => [dataset.path(index).replace(`${folder}/`, ''), reason]),
      );
      expect([...reasons.keys()].sort()).toEqual([...alone.keys()].sort());
      for (const [name, reason] of reasons) {
        const path = join(folder, name);
        const index = Array.from({ length: dataset.length }, (_, i) => i).find((i) => dataset.path(i) === path)!;
        expect(reason).toBe(`${path}: sample ${index}: ${alone.get(name)}`);
      }
    } finally {
      await loader.close();
    }
  });
});

describe('a picture of extreme proportions among others', () => {
  const folder = join(root, 'extreme');
  beforeAll(async () => {
    await mkdir(folder);
    for (let index = 0; index < 5; index++)
      await writeFile(join(folder, `${index}.png`), await picture.png().toBuffer());
    const line = sharp({ create: { width: 1, height: 30_000, channels: 3, background: '#fff' } });
    await writeFile(join(folder, 'line.png'), await line.png().toBuffer());
  });

  it.each([0, 2])(
    'is evaluated, and refused or skipped where all of it is resized, with %i workers',
    async (workers) => {
      const dataset = await ImageFolderDataset.open(folder);
      const options = { dataset, batchSize: 6, workers, shuffle: false } as const;
      const epoch = async (loader: DataLoader<never>): Promise<unknown> => {
        try {
          const shapes: unknown[] = [];
          for await (const { views } of loader.epoch(0)) shapes.push((views as { shape: unknown }[])[0]!.shape);
          return shapes;
        } catch (error) {
          return error;
        } finally {
          await loader.close();
        }
      };
      expect(await epoch(new DataLoader({ ...options, views: evaluationViews() }) as never)).toEqual([
        [6, 224, 224, 3],
      ]);
      const views = [compose(resizeShortSide({ size: 256 }), horizontalFlip(), centerCrop({ size: 224 }))];
      const error = await epoch(new DataLoader({ ...options, views }) as never);
      expect(error).toBeInstanceOf(DataError);
      expect(String(error)).toMatch(/sample 5: image of 30000 x 1: resizeShortSide would make 7680000 x 256 pixels/);
      const skipping = new DataLoader({ ...options, views, onError: 'skip', maxSkippedShare: 0.2 });
      expect(await epoch(skipping as never)).toEqual([[6, 224, 224, 3]]);
      expect([...skipping.skipped.keys()]).toEqual([5]);
    },
  );

  it('is skipped where a crop or a blur finds it too small, and the message tells what to do', async () => {
    const dataset = await ImageFolderDataset.open(folder);
    const options = { dataset, batchSize: 6, workers: 0, shuffle: false } as const;
    const all = async (views: readonly View[], more: object = {}): Promise<readonly number[]> => {
      const loader = new DataLoader({ ...options, views, ...more });
      try {
        for await (const batch of loader.epoch(0)) void batch;
      } finally {
        await loader.close();
      }
      return [...loader.skipped.keys()];
    };
    const crop = randomCrop({ size: 32, margin: 4 });
    const blur = gaussianBlur({ kernelSize: 23 });
    await expect(all([crop])).rejects.toThrow(/sample 5: image of 30000 x 1: randomCrop takes 32 x 32 .*resize first/);
    await expect(all([blur])).rejects.toThrow(/sample 5: image of 30000 x 1: blur by a kernel of 23 .*resize first/);
    for (const view of [crop, blur]) expect(await all([view], { onError: 'skip', maxSkippedShare: 0.2 })).toEqual([5]);
    expect(await all([compose(resize({ size: 40 }), crop)])).toEqual([]);
    expect(await all([compose(resize({ size: 40 }), blur)])).toEqual([]);
  });
});
