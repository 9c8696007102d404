import { readFileSync } from 'node:fs';
import { foldIn, InvalidOptionError, ndArray, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { cutmix, drawCutmixBox } from './cutmix.js';
import { drawBeta } from './draw-beta.js';
import { mixup } from './mixup.js';

interface Moments {
  readonly count: number;
  readonly mean: number[];
  readonly deviation: number[];
}
const { statistics } = JSON.parse(
  readFileSync(new URL('../../../../test/golden/data/augmentations.json', import.meta.url), 'utf8'),
) as { readonly statistics: { readonly cutmix: Moments; readonly beta: Moments } };

const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(2), n));
const noise = new RandomStream(randomKey(77));
const shape = [6, 5, 4, 3];
const bytes = ndArray(
  Uint8Array.from({ length: 360 }, () => noise.bits() >>> 24),
  shape,
);
const floats = ndArray(
  Float32Array.from({ length: 360 }, () => noise.normal()),
  shape,
);
const labels = ndArray(Int32Array.of(3, 1, 4, 1, 5, 9), [6]);

it.each([mixup, cutmix])('leaves the images of the caller alone, also in a Buffer: %o', (mix) => {
  const buffer = Buffer.from(bytes.data);
  const { images } = mix({ images: ndArray<Uint8Array>(buffer, shape), labels }, randomKey(3));
  expect([...buffer]).toEqual([...bytes.data]);
  expect([...images.data]).toEqual([...mix({ images: bytes, labels }, randomKey(3)).images.data]);
});

function expectMoments(rows: readonly (readonly number[])[], expected: Moments): void {
  expected.mean.forEach((mean, i) => {
    const values = rows.map((row) => row[i]!);
    const ours = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - ours) ** 2, 0) / values.length);
    // Five standard errors of a difference of two means.
    expect(Math.abs(ours - mean)).toBeLessThan((5 * expected.deviation[i]! * Math.SQRT2) / Math.sqrt(expected.count));
    expect(deviation / expected.deviation[i]!).toBeCloseTo(1, 1);
  });
}

describe('drawBeta', () => {
  it('has torch’s mean and deviation for 0.4', () => {
    expectMoments(
      Array.from({ length: 20_000 }, (_, n) => [drawBeta(0.4, 0.4, stream(n))]),
      statistics.beta,
    );
  });

  it.each([
    [0.2, 0.2],
    [1, 1],
    [2, 5],
    [8, 0.5],
  ])('has the moments of Beta(%d, %d)', (a, b) => {
    const values = Array.from({ length: 20_000 }, (_, n) => drawBeta(a, b, stream(n)));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1));
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(5 * Math.sqrt(expected / 20_000));
    expect(variance / expected).toBeCloseTo(1, 1);
  });

  it('stays a number in 0..1 for extreme shapes', () => {
    for (let n = 0; n < 500; n++) {
      for (const alpha of [1e-4, 1e5]) {
        const value = drawBeta(alpha, alpha, stream(n));
        expect(value >= 0 && value <= 1).toBe(true);
      }
    }
  });
});

describe('mixup', () => {
  it.each([
    ['bytes', bytes, 0.5],
    ['floats', floats, 1e-6],
  ] as const)('mixes %s with their partners', (_, images, tolerance) => {
    for (const perImage of [false, true]) {
      const mixed = mixup({ images, labels } as never, randomKey(4), { alpha: 1, perImage });
      expect([...mixed.partners.data].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(new Set(mixed.lambda.data).size).toBe(perImage ? 6 : 1);
      expect(mixed.labels).toBe(labels);
      expect(mixed.partnerLabels?.data).toEqual(mixed.partners.data.map((partner) => labels.data[partner]!));
      for (let i = 0; i < 6; i++) {
        const share = mixed.lambda.data[i]!;
        const partner = mixed.partners.data[i]!;
        for (let k = 0; k < 60; k++) {
          const exact = share * images.data[i * 60 + k]! + (1 - share) * images.data[partner * 60 + k]!;
          expect(Math.abs(mixed.images.data[i * 60 + k]! - exact)).toBeLessThanOrEqual(tolerance + 1e-5);
        }
      }
    }
  });

  it('is a function of its key and leaves its input', () => {
    const before = bytes.data.slice();
    expect(mixup({ images: bytes }, randomKey(1))).toEqual(mixup({ images: bytes }, randomKey(1)));
    expect(mixup({ images: bytes }, randomKey(1))).not.toEqual(mixup({ images: bytes }, randomKey(2)));
    expect(mixup({ images: bytes }, randomKey(1))).not.toHaveProperty('labels');
    expect(bytes.data).toEqual(before);
  });
});

describe('cutmix', () => {
  it('draws boxes as torchvision does', () => {
    const drawn = Array.from({ length: 20_000 }, (_, n) => {
      const { top, left, height, width } = drawCutmixBox(64, 48, 1, stream(n));
      return [1 - (height * width) / (64 * 48), left, top, left + width, top + height];
    });
    expectMoments(drawn, statistics.cutmix);
  });

  it('puts in a rectangle of the partner, and counts the rest as lambda', () => {
    let cut = 0;
    for (let n = 0; n < 40; n++) {
      const { images, partners, lambda } = cutmix({ images: floats }, randomKey(n), { perImage: n % 2 === 0 });
      for (let i = 0; i < 6; i++) {
        const partner = partners.data[i]!;
        let replaced = 0;
        for (let pixel = 0; pixel < 20; pixel++) {
          const at = (image: number): Float32Array =>
            floats.data.subarray(image * 60 + pixel * 3, image * 60 + pixel * 3 + 3);
          const result = images.data.subarray(i * 60 + pixel * 3, i * 60 + pixel * 3 + 3);
          const own = result.every((value, channel) => value === at(i)[channel]);
          const other = result.every((value, channel) => value === at(partner)[channel]);
          expect(own || other).toBe(true);
          if (!own) replaced++;
        }
        // An image that is its own partner shows nothing of the rectangle.
        expect(partner === i ? 0 : lambda.data[i]! - (1 - replaced / 20)).toBeCloseTo(0, 6);
        cut += replaced;
      }
    }
    expect(cut).toBeGreaterThan(500);
  });

  it('is a function of its key', () => {
    expect(cutmix({ images: bytes, labels }, randomKey(1))).toEqual(cutmix({ images: bytes, labels }, randomKey(1)));
  });
});

it('mixing refuses what it cannot mix', () => {
  for (const mix of [mixup, cutmix]) {
    expect(() => mix({ images: bytes }, randomKey(0), { alpha: 0 })).toThrow(InvalidOptionError);
    expect(() => mix({ images: ndArray(bytes.data, [360]) }, randomKey(0))).toThrow(ShapeError);
    expect(() => mix({ images: ndArray(bytes.data, [6, 5, 4, 2]) }, randomKey(0))).toThrow(ShapeError);
    expect(() => mix({ images: bytes, labels: ndArray(Int32Array.of(1), [1]) }, randomKey(0))).toThrow(ShapeError);
  }
});
