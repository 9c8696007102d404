import { DataError, InvalidOptionError, ndArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { bicubicCrop } from '../image/bicubic-crop.js';
import { crop } from '../image/crop.js';
import type { Image } from '../image/image.js';
import { resizedCrop } from '../image/resized-crop.js';
import { centerCrop } from './center-crop.js';
import { compose } from './compose.js';
import { gaussianBlur } from './gaussian-blur.js';
import { randomCrop } from './random-crop.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { resize } from './resize.js';
import { resizeShortSide } from './resize-short-side.js';
import { simclrViews } from './simclr-views.js';
import { evaluationViews } from './supervised-views.js';
import type { View } from './view.js';

function noise(height: number, width: number, channels = 3, seed = 1): Image {
  const random = new RandomStream(randomKey(seed));
  return ndArray(
    Uint8Array.from({ length: height * width * channels }, () => random.integer(256)),
    [height, width, channels],
  );
}
const draws = (): RandomStream => new RandomStream(randomKey(5));
const oneByOne = (views: readonly View[], image: Image): Image => {
  const random = draws();
  return views.reduce((result, view) => view(result, random), image);
};

describe('a crop after a resize', () => {
  it.each([
    [60, 90, 3],
    [90, 60, 1],
    [64, 64, 3],
    [700, 30, 3],
    [20, 400, 4],
    [3, 200, 3],
    [1, 500, 3],
    [500, 1, 1],
    [40, 3, 2],
  ])('gives the same levels as one after the other, of %i x %i x %i', (height, width, channels) => {
    const image = noise(height, width, channels);
    for (const interpolation of ['bilinear', 'bicubic'] as const)
      for (const views of [
        [resizeShortSide({ size: 40, interpolation }), centerCrop({ size: 35 })],
        [resizeShortSide({ size: 40, interpolation }), centerCrop({ size: [40, 11] })],
        [resizeShortSide({ size: 64, interpolation }), randomCrop({ size: 50 })],
        // Padded: nothing is saved.
        [resizeShortSide({ size: 20, interpolation }), centerCrop({ size: 35 })],
        [resizeShortSide({ size: 20, interpolation }), randomCrop({ size: 21, margin: 4, padding: 'reflect' })],
        [resize({ size: [50, 60], fit: 'stretch' }), centerCrop({ size: 35 }), randomCrop({ size: 30 })],
        [resize({ size: [height, 60], fit: 'stretch' }), centerCrop({ size: [1, 35] })],
      ]) {
        const expected = oneByOne(views, image);
        const [view] = [compose(...views)];
        expect(view(image, draws())).toEqual(expected);
      }
  });

  it('gives any part of a resized crop', () => {
    const image = noise(50, 70);
    const box = { top: 5, left: 7, height: 41, width: 33 };
    for (const cut of [resizedCrop, bicubicCrop])
      for (const [height, width] of [
        [90, 20],
        [20, 90],
        [41, 33],
        [41, 60],
        [10, 33],
      ] as const) {
        const whole = cut(image, box, height, width);
        for (const part of [
          { top: 0, left: 0, height, width },
          { top: height - 3, left: width - 5, height: 3, width: 5 },
          { top: 2, left: 4, height: 6, width: 1 },
        ])
          expect(cut(image, box, height, width, part)).toEqual(crop(whole, part));
        expect(() => cut(image, box, height, width, { top: 0, left: 1, height, width })).toThrow(InvalidOptionError);
      }
  });
});

describe('pictures of extreme proportions', () => {
  const [evaluate] = evaluationViews();

  it.each([
    [1, 16_000],
    [16_000, 1],
    [30_000, 1],
    [1, 30_000],
    [2, 1_000_000],
    [3_000_000, 1],
  ])('are evaluated at the cost of what is kept: %i x %i', (height, width) => {
    const image = ndArray(new Uint8Array(3 * height * width).fill(77), [height, width, 3]);
    const before = process.cpuUsage();
    const view = evaluate(image, draws());
    expect(view.shape).toEqual([224, 224, 3]);
    expect(view.data.every((level) => level === 77)).toBe(true);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(2e6);
  });

  it('keeps the levels of a long gradient', () => {
    const width = 20_000;
    const image = ndArray(
      Uint8Array.from({ length: width }, (_, x) => x % 251),
      [1, width, 1],
    );
    // 32 times as wide: the middle 28 columns lie within one pixel of the middle.
    const view = compose(resizeShortSide({ size: 32 }), centerCrop({ size: 28 }))(image, draws());
    expect(view.data[0]).toBe(view.data[27 * 28]);
    expect(Math.abs(view.data[14]! - ((width / 2) % 251))).toBeLessThanOrEqual(1);
  });

  it('are refused with sizes and the way out where all of the result is asked for', () => {
    const image = ndArray(new Uint8Array(30_000).fill(9), [30_000, 1, 1]);
    const short = resizeShortSide({ size: 256 });
    expect(() => short(image, draws())).toThrow(DataError);
    expect(() => short(image, draws())).toThrow(
      /image of 30000 x 1: resizeShortSide would make 7680000 x 256 pixels of 30000 x 1, more than maxPixels \(67108864\); put centerCrop/,
    );
    // The advice works.
    expect(compose(short, centerCrop({ size: 224 }))(image, draws()).shape).toEqual([224, 224, 1]);
    expect(compose(short, randomCrop({ size: 64 }))(image, draws()).shape).toEqual([64, 64, 1]);
    const few = ndArray(new Uint8Array(100), [100, 1, 1]);
    expect(() => resizeShortSide({ size: 10, maxPixels: 9999 })(few, draws())).toThrow(
      /1000 x 10 pixels of 100 x 1, more than maxPixels \(9999\)/,
    );
    expect(resizeShortSide({ size: 10, maxPixels: 10_000 })(few, draws()).shape).toEqual([1000, 10, 1]);
    expect(() => resizeShortSide({ size: 10, maxPixels: 0 })).toThrow(InvalidOptionError);
  });

  it('have every view of fixed size', () => {
    for (const [height, width] of [
      [1, 200_000],
      [200_000, 1],
    ] as const) {
      const image = ndArray(new Uint8Array(3 * height * width).fill(50), [height, width, 3]);
      for (const view of [
        resize({ size: 32 }),
        resize({ size: 32, fit: 'stretch' }),
        centerCrop({ size: 32 }),
        randomResizedCrop({ size: 32 }),
        randomResizedCrop({ size: 32, interpolation: 'bicubic' }),
        ...simclrViews({ size: 32 }),
      ])
        expect(view(image, draws()).shape).toEqual([32, 32, 3]);
    }
  });

  it('are made in parts where much lies between the two passes', () => {
    // 128 MiB between them, in one piece.
    const image = ndArray(new Uint8Array(2 ** 19).fill(31), [2 ** 19, 1, 1]);
    const out = resizedCrop(image, { top: 0, left: 0, height: 2 ** 19, width: 1 }, 64, 256);
    expect(out.shape).toEqual([64, 256, 1]);
    expect(out.data.every((level) => level === 31)).toBe(true);
  });

  it('are refused by name where the memory for them cannot be', () => {
    const claim = { data: { length: 3 * 2 ** 30 } as Uint8Array, shape: [2 ** 15, 2 ** 15, 3] } as Image;
    expect(() => gaussianBlur({ kernelSize: 3 })(claim, draws())).toThrow(DataError);
    expect(() => gaussianBlur({ kernelSize: 3 })(claim, draws())).toThrow(
      /image of 32768 x 32768: .* too large .*resize it first/,
    );
    expect(() => crop(noise(2, 2), { top: 0, left: 0, height: 2 ** 27, width: 2 ** 27 })).toThrow(/too large/);
    expect(() => centerCrop({ size: 2 ** 15 })).toThrow(/at most 268435456 pixels/);
    const long = ndArray(new Uint8Array(10_000_000), [10_000_000, 1, 1]);
    expect(() => resize({ size: 4, fit: 'stretch' })(long, draws())).toThrow(
      /a side of 10000000 pixels cannot be resized/,
    );
  });
});
