import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { resizeShortSide } from '../views/resize-short-side.js';
import { adjustSharpness } from './adjust-sharpness.js';
import { augment, type AugmentOperation } from './augment.js';
import { autocontrast } from './autocontrast.js';
import { bicubicCrop } from './bicubic-crop.js';
import { boxGaussianBlur } from './box-gaussian-blur.js';
import { centralBox, crop, type CropOptions } from './crop.js';
import { equalize } from './equalize.js';
import { erase } from './erase.js';
import type { Image } from './image.js';
import { invert } from './invert.js';
import { posterize } from './posterize.js';
import type { Box } from './box.js';
import { resizedCrop } from './resized-crop.js';
import { quarterTurns, rotate, type RotateOptions } from './rotate.js';
import { roundHalfEven } from './round-half-even.js';

interface Stored {
  readonly shape: number[];
  readonly data: string;
}
interface Golden {
  readonly images: Record<string, Stored>;
  readonly cases: readonly {
    readonly op: string;
    readonly image: string;
    readonly options: never;
    readonly result: Stored;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/data/augmentations.json', import.meta.url), 'utf8'),
) as Golden;
const decode = ({ shape, data }: Stored): Image => ({ shape, data: new Uint8Array(Buffer.from(data, 'base64')) });

interface Target {
  readonly box: Box;
  readonly height: number;
  readonly width: number;
}

/** Each operation. */
const operations: Record<string, (image: Image, options: never) => Image> = {
  posterize: (image, { bits }: { bits: number }) => posterize(image, bits),
  equalize: (image) => equalize(image),
  autocontrast: (image) => autocontrast(image),
  invert: (image) => invert(image),
  adjustSharpness: (image, { factor }: { factor: number }) => adjustSharpness(image, factor),
  boxGaussianBlur: (image, { sigma }: { sigma: number }) => boxGaussianBlur(image, sigma),
  rotate: (image, { angle, ...options }: { angle: number } & RotateOptions) => rotate(image, angle, options),
  crop: (image, { box, ...options }: { box: Box } & CropOptions) => crop(image, box, options),
  centerCrop: (image, { height, width }: Target) =>
    crop(image, centralBox(image.shape[0]!, image.shape[1]!, height, width)),
  bicubicCrop: (image, { box, height, width }: Target) => bicubicCrop(image, box, height, width),
  resizeShortSide: (image, options: { size: number; interpolation: 'bilinear' | 'bicubic' }) =>
    resizeShortSide(options)(image, new RandomStream(randomKey(0))),
  erase: (image, { box, fill }: { box: Box; fill: number[] }) => erase(image, box, fill),
  augment: (image, { name, magnitude, ...outside }: { name: AugmentOperation; magnitude: number } & RotateOptions) =>
    augment(image, name, magnitude, outside),
};

describe('augmentation operations against torchvision on PIL images', () => {
  it('covers every operation', () => {
    expect(new Set(golden.cases.map(({ op }) => op))).toEqual(new Set(Object.keys(operations)));
  });

  it.each(golden.cases)('$op of $image with $options', ({ op, image, options, result }) => {
    const input = decode(golden.images[image]!);
    const before = Uint8Array.from(input.data);
    const actual = operations[op]!(input, options);
    const expected = decode(result);
    expect(actual.shape).toEqual(expected.shape);
    const worst = expected.data.reduce((most, value, i) => Math.max(most, Math.abs(value - actual.data[i]!)), 0);
    // Bit for bit, but for bilinear rotation by multiples of 45 degrees: there, a rounded sine decides between two levels.
    const { angle = 1, interpolation } = options as { angle?: number; interpolation?: string };
    expect(worst).toBeLessThanOrEqual(op === 'rotate' && angle % 45 === 0 && interpolation === 'bilinear' ? 1 : 0);
    expect(input.data).toEqual(before);
  });
});

const images = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 3, 4))
  .chain(([height, width, channels]) =>
    fc
      .uint8Array({ minLength: height * width * channels, maxLength: height * width * channels })
      .map((data): Image => ({ data, shape: [height, width, channels] })),
  );

describe('properties', () => {
  it('four quarter turns, or a turn and its opposite, are the identity; two are both flips', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: -9, max: 9 }), (image, turns) => {
        expect(quarterTurns(quarterTurns(image, turns), -turns)).toEqual(image);
        expect(quarterTurns(quarterTurns(image, turns), 4 - turns)).toEqual(image);
        const [height, width] = image.shape as [number, number];
        const half = quarterTurns(image, 2);
        const at = ({ data, shape }: Image, y: number, x: number): number => data[(y * shape[1]! + x) * shape[2]!]!;
        expect(at(half, 0, 0)).toBe(at(image, height - 1, width - 1));
      }),
      { seed: 1 },
    );
  });

  it('a quarter turn is counter-clockwise', () => {
    const image: Image = { shape: [2, 3, 1], data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(quarterTurns(image, 1)).toEqual({ shape: [3, 2, 1], data: Uint8Array.of(3, 6, 2, 5, 1, 4) });
    expect(quarterTurns(image, -1)).toEqual({ shape: [3, 2, 1], data: Uint8Array.of(4, 1, 5, 2, 6, 3) });
  });

  it('a crop of the whole image is the identity, and cuts from the padded image what lies inside', () => {
    fc.assert(
      fc.property(images, fc.constantFrom('constant', 'edge', 'reflect', 'symmetric'), (image, padding) => {
        const [height, width] = image.shape as [number, number];
        expect(crop(image, { top: 0, left: 0, height, width }, { padding })).toEqual(image);
        const padded = crop(image, { top: -25, left: -3, height: height + 50, width: width + 20 }, { padding });
        expect(crop(padded, { top: 25, left: 3, height, width })).toEqual(image);
      }),
      { seed: 2 },
    );
  });

  it('blur keeps constant images and, but for rounding, the mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.double({ min: 0, max: 40, noNaN: true }), (value, sigma) => {
        const flat: Image = { shape: [5, 7, 3], data: new Uint8Array(105).fill(value) };
        expect(boxGaussianBlur(flat, sigma)).toEqual(flat);
      }),
      { seed: 3 },
    );
    const point: Image = { shape: [41, 41, 1], data: new Uint8Array(41 * 41) };
    point.data[20 * 41 + 20] = 255;
    const blurred = boxGaussianBlur(point, 1.5).data;
    let total = 0;
    let variance = 0;
    for (let i = 0; i < blurred.length; i++) {
      total += blurred[i]!;
      variance += blurred[i]! * ((i % 41) - 20) ** 2;
    }
    expect(total / 255).toBeCloseTo(1, 1);
    expect(variance / total).toBeCloseTo(1.5 ** 2, 0);
  });

  it('bicubic resizing keeps constant images, equals bilinear at the same size and stays in range', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (image, rows, columns) => {
        const [height, width, channels] = image.shape as [number, number, number];
        const whole = { top: 0, left: 0, height, width };
        expect(bicubicCrop(image, whole, height, width)).toEqual(resizedCrop(image, whole, height, width));
        const flat: Image = { shape: image.shape, data: new Uint8Array(image.data.length).fill(image.data[0]!) };
        const out = bicubicCrop(flat, whole, rows, columns);
        expect(out.shape).toEqual([rows, columns, channels]);
        expect(out.data.every((value) => value === image.data[0]!)).toBe(true);
      }),
      { seed: 4 },
    );
    // The filter overshoots at an edge: clamped, not wrapped.
    const edge: Image = { shape: [1, 8, 1], data: Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255) };
    const { data } = bicubicCrop(edge, { top: 0, left: 0, height: 1, width: 8 }, 1, 32);
    expect([Math.max(...data.subarray(0, 12)), Math.min(...data.subarray(20))]).toEqual([0, 255]);
  });

  it('inverting twice, and posterising to all bits, are the identity; posterising twice is posterising once', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 0, max: 8 }), (image, bits) => {
        expect(invert(invert(image))).toEqual(image);
        expect(posterize(image, 8)).toEqual(image);
        expect(posterize(posterize(image, bits), bits)).toEqual(posterize(image, bits));
      }),
      { seed: 5 },
    );
  });

  it('erasing leaves everything else, in the image’s own rectangle only', () => {
    const image: Image = { shape: [4, 5, 1], data: new Uint8Array(20).fill(9) };
    const erased = erase(image, { top: -1, left: 3, height: 3, width: 6 }, 200);
    expect([...erased.data]).toEqual([9, 9, 9, 200, 200, 9, 9, 9, 200, 200, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    const large: Image = { shape: [64, 64, 3], data: new Uint8Array(64 * 64 * 3) };
    const noisy = erase(large, { top: 0, left: 0, height: 64, width: 64 }, { noise: randomKey(4) });
    const mean = noisy.data.reduce((sum, value) => sum + value, 0) / noisy.data.length;
    // The deviation of a mean of 12,288 uniform bytes is 0.67.
    expect(Math.abs(mean - 127.5)).toBeLessThan(4);
    expect(erase(large, { top: 0, left: 0, height: 64, width: 64 }, { noise: randomKey(4) })).toEqual(noisy);
  });

  it('rounds halves to the even side', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 2.5001].map(roundHalfEven)).toEqual([0, 2, 2, 0, -2, 2, 3]);
  });
});

describe('errors', () => {
  const image: Image = { shape: [4, 4, 3], data: new Uint8Array(48) };
  it.each<[string, () => unknown]>([
    ['bits', () => posterize(image, 9)],
    ['bits', () => posterize(image, 2.5)],
    ['sigma', () => boxGaussianBlur(image, -1)],
    ['sigma', () => boxGaussianBlur(image, Number.NaN)],
    ['box', () => crop(image, { top: 0.5, left: 0, height: 2, width: 2 })],
    ['box', () => crop(image, { top: 0, left: 0, height: 0, width: 2 })],
    ['fill', () => crop(image, { top: -1, left: 0, height: 2, width: 2 }, { fill: [1, 2] })],
    ['fill', () => erase(image, { top: 0, left: 0, height: 2, width: 2 }, [1])],
    ['fill', () => rotate(image, 10, { fill: [1, 2] })],
    ['box', () => bicubicCrop(image, { top: 2, left: 0, height: 3, width: 2 }, 4, 4)],
    ['height and width', () => bicubicCrop(image, { top: 0, left: 0, height: 3, width: 2 }, 4, 0)],
  ])('refuses a bad %s', (option, run) => {
    expect(run).toThrow(InvalidOptionError);
    expect(run).toThrow(new RegExp(`${option} must be`));
  });

  it('refuses what is not an image', () => {
    expect(() => equalize({ shape: [4, 4], data: new Uint8Array(16) })).toThrow(ShapeError);
  });
});
