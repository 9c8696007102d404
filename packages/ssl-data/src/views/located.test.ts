import { foldIn, InvalidOptionError, ndArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import type { Image } from '../image/image.js';
import { DataLoader } from '../loader/data-loader.js';
import { centerCrop } from './center-crop.js';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { horizontalFlip, verticalFlip } from './flip.js';
import { located, type LocatedImage } from './located.js';
import { randomAffine } from './random-affine.js';
import { randomApply } from './random-apply.js';
import { randomCrop } from './random-crop.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { resizeShortSide } from './resize-short-side.js';
import { resize } from './resize.js';
import { vicreglViews } from './vicregl-views.js';

/** Twice the middle of each pixel's row and column as colours. */
const ramp = (height: number, width: number): Image => ({
  shape: [height, width, 2],
  data: Uint8Array.from({ length: height * width * 2 }, (_, at) => {
    const pixel = Math.floor(at / 2);
    return at % 2 === 0 ? 2 * Math.floor(pixel / width) + 1 : 2 * (pixel % width) + 1;
  }),
});
const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(5), n));

describe('located', () => {
  it.each([
    ['a resized crop', randomResizedCrop({ size: [20, 24], scale: [0.3, 1] })],
    [
      'crops, flips and sizes',
      compose(resizeShortSide({ size: 70 }), randomCrop({ size: 50 }), verticalFlip(), horizontalFlip()),
    ],
    ['a central part', compose(centerCrop({ size: 40 }), horizontalFlip({ p: 1 }), centerCrop({ size: [20, 30] }))],
    ['a cover', compose(horizontalFlip(), resize({ size: [30, 20] }))],
    ['now and then', randomApply(compose(verticalFlip({ p: 1 }), randomResizedCrop({ size: 40 })), 0.5)],
  ])('says where its pixels come from: %s', (_name, view) => {
    const image = ramp(60, 80);
    const own = located(view);
    for (let n = 0; n < 12; n++) {
      const seen = own(image, stream(n)) as LocatedImage;
      const [height, width] = seen.shape as [number, number];
      expect(seen.data).toEqual(view(image, stream(n)).data);
      const { top, left, bottom, right } = seen.edges;
      // Away from the borders, where an enlarged image repeats its last pixels.
      for (const row of [4, height >> 1, height - 5])
        for (const column of [4, width >> 1, width - 5]) {
          const at = 2 * (row * width + column);
          const y = top + ((row + 0.5) / height) * (bottom - top);
          const x = left + ((column + 0.5) / width) * (right - left);
          expect(Math.abs(seen.data[at]! / 2 - y)).toBeLessThan(0.6);
          expect(Math.abs(seen.data[at + 1]! / 2 - x)).toBeLessThan(0.6);
        }
    }
  });

  it('refuses what turns or bends a picture, wherever it is, and what it does not know', () => {
    const turned = randomAffine({ degrees: 20 });
    for (const view of [turned, compose(horizontalFlip(), turned), compose(randomApply(compose(turned), 0.1))])
      expect(() => located(view)).toThrow(
        "a built-in view of crops, flips, sizes, colours and blurs, got 'randomAffine'",
      );
    expect(() => located(((image: Image) => image) as never)).toThrow(InvalidOptionError);
    expect(() => located([horizontalFlip()] as never)).toThrow('Is it a list of views?');
  });
});

describe('a loader of located views', () => {
  const random = stream(99);
  const pixels = Uint8Array.from({ length: 10 * 40 * 30 * 3 }, () => random.integer(256));
  const dataset = new ImageArrayDataset(ndArray(pixels, [10, 40, 30, 3]));
  const options = { dataset, batchSize: 5, seed: 3 };
  const batches = async (workers: number) => {
    const views = vicreglViews({ size: 16, localSize: 8, localCount: 1 });
    const loader = new DataLoader({ ...options, views, workers });
    const all = [];
    for await (const { boxes, views: images } of loader.epoch(0)) all.push({ boxes, images });
    await loader.close();
    return all;
  };

  it('delivers the boxes of each view, the same from any number of workers', async () => {
    const [here, there] = [await batches(0), await batches(2)];
    expect(there).toEqual(here);
    const { boxes } = here[0]!;
    expect(boxes!.map(({ shape }) => shape)).toEqual([
      [5, 4],
      [5, 4],
      [5, 4],
    ]);
    const mirrored = new Set<boolean>();
    for (const { data } of boxes!)
      for (let at = 0; at < data.length; at += 4) {
        const [top, left, bottom, right] = data.slice(at, at + 4) as unknown as [number, number, number, number];
        expect(bottom).toBeGreaterThan(top);
        expect(Math.min(top, left, right)).toBeGreaterThanOrEqual(0);
        expect(bottom).toBeLessThanOrEqual(40);
        expect(Math.max(left, right)).toBeLessThanOrEqual(30);
        mirrored.add(right < left);
      }
    expect(mirrored.size).toBe(2);
  });

  it('has none where no view is located, and refuses where some are', async () => {
    const first = async (views: readonly ReturnType<typeof resize>[]): Promise<object> => {
      const loader = new DataLoader({ ...options, views, workers: 0 });
      for await (const batch of loader.epoch(0)) return batch;
      throw new RangeError('no batch');
    };
    const plain = resize({ size: 8 });
    expect(await first([plain, plain])).not.toHaveProperty('boxes');
    await expect(first([plain, located(compose(plain, colorJitter({ hue: 0.1 }))) as never])).rejects.toThrow(
      'put located() around all of them or none',
    );
  });
});
