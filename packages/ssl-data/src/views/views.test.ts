import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { foldIn, InvalidOptionError, randomKey, RandomStream, type NdArray } from '@selfsup/ssl-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Image } from '../image/image.js';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { horizontalFlip, verticalFlip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
import { multiViews, twoViews } from './multi-views.js';
import { randomAffine } from './random-affine.js';
import { randomApply } from './random-apply.js';
import { randomGrayscale } from './random-grayscale.js';
import { drawCropBox, randomResizedCrop } from './random-resized-crop.js';
import { resize } from './resize.js';
import { simclrViews } from './simclr-views.js';
import { smallImageViews } from './small-image-views.js';
import { solarize } from './solarize.js';
import type { View } from './view.js';
import { specOfView, viewFromSpec } from './view-from-spec.js';

interface Moments {
  readonly count: number;
  readonly mean: number[];
  readonly deviation: number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/data/image-ops.json', import.meta.url), 'utf8'),
) as {
  readonly images: Record<string, { shape: number[]; data: string }>;
  readonly statistics: { readonly boxes: Moments; readonly smallImageViews: Moments };
};
const stored = (name: string): Image => ({
  shape: golden.images[name]!.shape,
  data: new Uint8Array(Buffer.from(golden.images[name]!.data, 'base64')),
});
const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(1), n));

const digest = ({ data, shape }: Image): string => createHash('sha256').update(data).update(shape.join()).digest('hex');

function moments(rows: readonly ArrayLike<number>[]): Moments {
  const size = rows[0]!.length;
  const mean = Array.from({ length: size }, (_, i) => rows.reduce((total, row) => total + row[i]!, 0) / rows.length);
  const deviation = mean.map((m, i) =>
    Math.sqrt(rows.reduce((total, row) => total + (row[i]! - m) ** 2, 0) / rows.length),
  );
  return { count: rows.length, mean, deviation };
}

describe('random resized crop', () => {
  it('draws boxes as torchvision does', () => {
    const drawn = Array.from({ length: 20_000 }, (_, n) => drawCropBox(28, 28, [0.35, 1], [3 / 4, 4 / 3], stream(n)));
    const { mean, deviation } = moments(drawn.map(({ top, left, height, width }) => [top, left, height, width]));
    const { boxes } = golden.statistics;
    for (let i = 0; i < 4; i++) {
      // Five standard errors of a difference of two means.
      expect(Math.abs(mean[i]! - boxes.mean[i]!)).toBeLessThan(
        (5 * boxes.deviation[i]! * Math.SQRT2) / Math.sqrt(boxes.count),
      );
      expect(deviation[i]! / boxes.deviation[i]!).toBeCloseTo(1, 1);
    }
  });

  it('stays inside any image, also when no try fits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer(),
        (height, width, n) => {
          const box = drawCropBox(height, width, [0.08, 1], [3 / 4, 4 / 3], stream(n));
          expect(box.height).toBeGreaterThan(0);
          expect(box.width).toBeGreaterThan(0);
          expect(box.top).toBeGreaterThanOrEqual(0);
          expect(box.left).toBeGreaterThanOrEqual(0);
          expect(box.top + box.height).toBeLessThanOrEqual(height);
          expect(box.left + box.width).toBeLessThanOrEqual(width);
        },
      ),
      { seed: 3 },
    );
  });

  it('falls back to the central crop of the nearest allowed ratio', () => {
    expect(drawCropBox(100, 10, [1, 1], [3 / 4, 4 / 3], stream(0))).toEqual({
      top: 43,
      left: 0,
      height: 13,
      width: 10,
    });
    expect(drawCropBox(10, 100, [1, 1], [3 / 4, 4 / 3], stream(0))).toEqual({
      top: 0,
      left: 43,
      height: 10,
      width: 13,
    });
  });
});

describe('small-image preset', () => {
  it('has the per-pixel mean and deviation of its torchvision counterpart', () => {
    const image = stored('grey');
    const [view] = smallImageViews();
    const { mean, deviation } = moments(Array.from({ length: 8000 }, (_, n) => view(image, stream(n)).data));
    const reference = golden.statistics.smallImageViews;
    const distance = (a: number[], b: number[]): number =>
      a.reduce((total, value, i) => total + Math.abs(value - b[i]!), 0) / a.length;
    // The pixels' deviation is about 45, so that two means of 8,000 differ by 0.6 on average.
    expect(distance(mean, reference.mean)).toBeLessThan(1);
    expect(distance(deviation, reference.deviation)).toBeLessThan(1);
  });
});

describe('every view', () => {
  const gray = stored('grey');
  const color = stored('color');
  const all: Record<string, View> = {
    randomResizedCrop: randomResizedCrop({ size: [12, 9], ratio: [0.5, 2] }),
    resize: resize({ size: [8, 20] }),
    stretch: resize({ size: 13, fit: 'stretch' }),
    horizontalFlip: horizontalFlip(),
    verticalFlip: verticalFlip({ p: 0.3 }),
    randomAffine: randomAffine({
      degrees: [5, 40],
      translate: [0.1, 0.2],
      scale: [0.8, 1.2],
      shear: [-5, 5, -3, 3],
      interpolation: 'bilinear',
      fill: 7,
    }),
    gaussianBlur: gaussianBlur({ kernelSize: 5 }),
    colorJitter: colorJitter({ brightness: 0.4, contrast: [0.5, 1.2], saturation: 0.9, hue: 0.2 }),
    randomGrayscale: randomGrayscale({ p: 0.5 }),
    solarize: solarize({ p: 0.5, threshold: 99 }),
    randomApply: randomApply(gaussianBlur({ kernelSize: 3 }), 0.5),
    simclrViews: simclrViews({ size: 16, strength: 0.5 })[0] as View,
    smallImageViews: smallImageViews({ size: 16 })[0] as View,
  };

  it.each(Object.entries(all))(
    '%s: same numbers, same result; input untouched; same from its recipe',
    async (_, view) => {
      const again = await viewFromSpec(structuredClone(specOfView(view))!);
      for (const image of [gray, color]) {
        const before = digest(image);
        for (let n = 0; n < 12; n++) {
          const first = view(image, stream(n));
          expect(digest(view(image, stream(n)))).toBe(digest(first));
          expect(digest(again(image, stream(n)))).toBe(digest(first));
          expect(first.data.length).toBe(first.shape.reduce((product, side) => product * side, 1));
        }
        expect(digest(image)).toBe(before);
      }
    },
  );

  it.each(Object.entries(all).filter(([name]) => !name.startsWith('resize') && name !== 'stretch'))(
    '%s: different numbers, different results',
    (_, view) => {
      const results = new Set(Array.from({ length: 24 }, (__, n) => digest(view(color, stream(n)))));
      expect(results.size).toBeGreaterThan(1);
    },
  );
});

describe('properties', () => {
  const images = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 3))
    .chain(([height, width, channels]) =>
      fc
        .uint8Array({ minLength: height * width * channels, maxLength: height * width * channels })
        .map((data): NdArray<Uint8Array> => ({ data, shape: [height, width, channels] })),
    );

  it('flips are involutions', () => {
    fc.assert(
      fc.property(images, (image) => {
        for (const flip of [horizontalFlip({ p: 1 }), verticalFlip({ p: 1 })])
          expect(flip(flip(image, stream(0)), stream(1))).toEqual(image);
      }),
      { seed: 5 },
    );
  });

  it('a full-size resize and a full-frame crop are the identity', () => {
    fc.assert(
      fc.property(images, (image) => {
        const size = [image.shape[0]!, image.shape[1]!] as const;
        expect(resize({ size })(image, stream(0))).toEqual(image);
      }),
      { seed: 6 },
    );
  });

  it('solarising twice at 0 is the identity, grey twice is grey once', () => {
    fc.assert(
      fc.property(images, (image) => {
        const invert = solarize({ threshold: 0 });
        expect(invert(invert(image, stream(0)), stream(0))).toEqual(image);
        const grey = randomGrayscale({ p: 1 });
        expect(grey(grey(image, stream(0)), stream(0))).toEqual(grey(image, stream(0)));
      }),
      { seed: 7 },
    );
  });

  it('a constant image stays constant under crop, blur and bilinear affine', () => {
    const image: Image = { shape: [9, 11, 3], data: new Uint8Array(297).fill(200) };
    const view = compose(
      randomResizedCrop({ size: 8 }),
      gaussianBlur({ kernelSize: 5 }),
      randomAffine({ degrees: 45, fill: 200, interpolation: 'bilinear' }),
    );
    for (let n = 0; n < 20; n++) expect(view(image, stream(n)).data.every((value) => value === 200)).toBe(true);
  });
});

describe('composition and options', () => {
  it('applies about a share p', () => {
    const image: Image = { shape: [1, 1, 1], data: Uint8Array.of(10) };
    const applied = Array.from(
      { length: 4000 },
      (_, n) => randomApply(solarize({ threshold: 0 }), 0.3)(image, stream(n)).data[0],
    ).filter((value) => value === 245);
    expect(applied.length / 4000).toBeCloseTo(0.3, 1);
  });

  it('lists views in order', () => {
    const [large, small] = [resize({ size: 8 }), resize({ size: 4 })];
    expect(twoViews(large)).toEqual([large, large]);
    expect(multiViews([large, 2], [small, 3])).toEqual([large, large, small, small, small]);
    expect(() => multiViews([large, 0])).toThrow(InvalidOptionError);
  });

  it('has no recipe when a part is a function of one’s own', () => {
    const own: View = (image) => image;
    expect(specOfView(compose(horizontalFlip(), own))).toBeUndefined();
    expect(specOfView(randomApply(own, 0.5))).toBeUndefined();
    expect(specOfView({ module: new URL('file:///views.js'), exportName: 'own' })).toEqual({
      kind: 'module',
      options: { module: 'file:///views.js', exportName: 'own', options: undefined },
    });
    expect(() => specOfView({ module: './views.js', exportName: 'own' })).toThrow(/new URL/);
  });

  it.each<[string, () => unknown]>([
    ['scale', () => randomResizedCrop({ size: 8, scale: [0.5, 0.2] })],
    ['size', () => randomResizedCrop({ size: 0 })],
    ['p', () => horizontalFlip({ p: 1.5 })],
    ['kernelSize', () => gaussianBlur({ kernelSize: 4 })],
    ['sigma', () => gaussianBlur({ kernelSize: 3, sigma: [0, 1] })],
    ['hue', () => colorJitter({ hue: 0.7 })],
    ['brightness', () => colorJitter({ brightness: -1 })],
    ['translate', () => randomAffine({ degrees: 1, translate: [2, 0] })],
    ['threshold', () => solarize({ threshold: 300 })],
  ])('refuses a bad %s', (option, make) => {
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(new RegExp(`${option} must be`));
  });
});
