import { readFileSync } from 'node:fs';
import { foldIn, InvalidOptionError, randomKey, RandomStream, DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import type { Image } from '../image/image.js';
import { autoAugment } from './auto-augment.js';
import { boxBlur } from './box-blur.js';
import { centerCrop } from './center-crop.js';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { cutout } from './cutout.js';
import { horizontalFlip, verticalFlip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
import { located } from './located.js';
import { randAugment } from './rand-augment.js';
import { randomAffine } from './random-affine.js';
import { randomApply } from './random-apply.js';
import { randomAutocontrast } from './random-autocontrast.js';
import { randomCrop } from './random-crop.js';
import { randomEqualize } from './random-equalize.js';
import { drawErasedBox, randomErasing } from './random-erasing.js';
import { randomGrayscale } from './random-grayscale.js';
import { randomInvert } from './random-invert.js';
import { randomPosterize } from './random-posterize.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { randomRotation } from './random-rotation.js';
import { randomSharpness } from './random-sharpness.js';
import { resizeShortSide } from './resize-short-side.js';
import { resize } from './resize.js';
import { solarize } from './solarize.js';
import { trivialAugmentWide } from './trivial-augment-wide.js';
import type { DescribedView, View } from './view.js';
import { viewFromSpec } from './view-from-spec.js';

const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(9), n));
const noise = new RandomStream(randomKey(1));
const picture = (height: number, width: number, channels: number): Image => ({
  shape: [height, width, channels],
  data: Uint8Array.from({ length: height * width * channels }, (_, i) => ((i * 5) % 128) + (noise.bits() >>> 25)),
});
const images = [picture(30, 41, 3), picture(33, 24, 1)];
/** Comparing strings is much faster than comparing arrays element by element. */
const content = ({ data, shape }: Image): string => `${shape.join()} ${Buffer.from(data).toString('base64')}`;

/** Every kind of view that a worker can make. */
const all: Record<string, readonly DescribedView[]> = {
  autoAugment: [autoAugment(), autoAugment({ policy: 'cifar10', interpolation: 'bilinear', fill: 9 })],
  boxBlur: [boxBlur(), boxBlur({ sigma: [1, 3], p: 1 })],
  centerCrop: [centerCrop({ size: 11 }), centerCrop({ size: [40, 12], padding: 'edge' })],
  colorJitter: [
    colorJitter({ brightness: 0.4, contrast: [0.5, 1.2], saturation: 0.9, hue: 0.2 }),
    colorJitter({ hue: 0.1 }),
  ],
  compose: [
    compose(
      randomResizedCrop({ size: [12, 20] }),
      randomAffine({ degrees: 20, translate: [0.3, 0.1] }),
      horizontalFlip(),
    ),
    compose(),
  ],
  cutout: [cutout({ size: 8 }), cutout({ size: 5, fill: 127, p: 0.5 })],
  gaussianBlur: [gaussianBlur({ kernelSize: 5 })],
  horizontalFlip: [horizontalFlip()],
  located: [located(compose(randomCrop({ size: 20, margin: 2 }), verticalFlip(), resize({ size: [9, 8] })))],
  randAugment: [randAugment(), randAugment({ operations: 4, magnitude: 'random', bins: 10, p: 0.5, fill: 3 })],
  randomAffine: [
    randomAffine({ degrees: [5, 40], scale: [0.8, 1.2], shear: [-5, 5, -3, 3], interpolation: 'bilinear' }),
  ],
  randomApply: [randomApply(colorJitter({ brightness: 0.5 }), 0.4), randomApply(resize({ size: 9 }), 0.5)],
  randomAutocontrast: [randomAutocontrast()],
  randomCrop: [randomCrop({ size: [20, 16] }), randomCrop({ size: 32, margin: 4, padding: 'reflect' })],
  randomEqualize: [randomEqualize({ p: 1 })],
  randomErasing: [randomErasing({ p: 1 }), randomErasing({ value: 'random', p: 0.7 })],
  randomGrayscale: [randomGrayscale({ p: 0.5 })],
  randomInvert: [randomInvert()],
  randomPosterize: [randomPosterize({ bits: 2 })],
  randomResizedCrop: [randomResizedCrop({ size: 13 }), randomResizedCrop({ size: [9, 30], interpolation: 'bicubic' })],
  randomRotation: [
    randomRotation({ degrees: 30 }),
    randomRotation({ degrees: [80, 90], interpolation: 'bilinear', fill: 5 }),
  ],
  randomSharpness: [randomSharpness({ factor: 3 })],
  resize: [resize({ size: [8, 20] }), resize({ size: 13, fit: 'stretch' })],
  resizeShortSide: [resizeShortSide({ size: 17 }), resizeShortSide({ size: 40, interpolation: 'bicubic' })],
  solarize: [solarize({ p: 0.5, threshold: 99 })],
  trivialAugmentWide: [trivialAugmentWide(), trivialAugmentWide({ bins: 5, interpolation: 'bilinear' })],
  verticalFlip: [verticalFlip({ p: 0.3 })],
};

describe('built-in views', () => {
  it('are all here', async () => {
    await expect(viewFromSpec({ kind: 'constructor', options: {} })).rejects.toThrow(
      `one of ${Object.keys(all)
        .filter((kind) => !['compose', 'randomApply', 'located'].includes(kind))
        .join(', ')}, compose, randomApply, located`,
    );
  });

  it.each(Object.entries(all))('%s: plain numbers say it all', async (kind, views) => {
    for (const view of views) {
      expect(view.spec.kind).toBe(kind);
      const again = await viewFromSpec(JSON.parse(JSON.stringify(view.spec)));
      for (const image of images) {
        const before = content(image);
        const [height, width] = image.shape as [number, number];
        for (let n = 0; n < 16; n++) {
          const whole = view(image, stream(n));
          // Through JSON: what is drawn here must be enough for another thread, or for a device.
          const drawn: unknown = JSON.parse(JSON.stringify(view.steps.draw(height, width, stream(n)) ?? null));
          expect(content(view.steps.apply(image, drawn))).toBe(content(whole));
          expect(view.steps.outputSize?.(height, width, drawn) ?? [height, width]).toEqual(whole.shape.slice(0, 2));
          expect(content(again(image, stream(n)))).toBe(content(whole));
          expect(whole.shape[2]).toBe(image.shape[2]);
          expect(whole.data.length).toBe(whole.shape.reduce((product, side) => product * side, 1));
        }
        expect(content(image)).toBe(before);
      }
    }
  });

  it.each(Object.entries(all).filter(([kind]) => !/^(resize|resizeShortSide|centerCrop|randomEqualize)$/.test(kind)))(
    '%s: other numbers, another result',
    (_, [view]) => {
      const results = new Set(Array.from({ length: 24 }, (__, n) => view!(images[0]!, stream(n)).data.join()));
      expect(results.size).toBeGreaterThan(1);
    },
  );

  it('a composition with a view of one’s own has no steps, and draws the same numbers', () => {
    const own: View = (image, random) => (random.bernoulli(0.5) ? image : image);
    const parts = [randomResizedCrop({ size: 10 }), randomApply(boxBlur({ p: 1 }), 0.5)] as const;
    expect(compose(...parts, own).steps).toBeUndefined();
    expect(randomApply(own, 0.5).steps).toBeUndefined();
    for (let n = 0; n < 20; n++)
      expect(compose(...parts, own)(images[0]!, stream(n))).toEqual(compose(...parts)(images[0]!, stream(n)));
  });
});

describe('what they draw', () => {
  const count = 20_000;

  it('random erasing: torchvision’s boxes', () => {
    const { erasing } = (
      JSON.parse(readFileSync(new URL('../../../../test/golden/data/augmentations.json', import.meta.url), 'utf8')) as {
        statistics: { erasing: { count: number; mean: number[]; deviation: number[] } };
      }
    ).statistics;
    const rows = Array.from({ length: count }, (_, n) => {
      const { top, left, height, width } = drawErasedBox(64, 48, [0.02, 0.33], [0.3, 3.3], stream(n))!;
      return [top, left, height, width];
    });
    erasing.mean.forEach((mean, i) => {
      const ours = rows.reduce((sum, row) => sum + row[i]!, 0) / count;
      // Five standard errors of a difference of two means.
      expect(Math.abs(ours - mean)).toBeLessThan((5 * erasing.deviation[i]! * Math.SQRT2) / Math.sqrt(erasing.count));
    });
  });

  it('cutout: every centre equally often, cut off at the edges', () => {
    const covered = new Float64Array(16);
    const { steps } = cutout({ size: 2, fill: 1 });
    const image: Image = { shape: [4, 4, 1], data: new Uint8Array(16) };
    for (let n = 0; n < count; n++)
      steps.apply(image, steps.draw(4, 4, stream(n))).data.forEach((value, i) => (covered[i]! += value));
    // Corners at -1..2: a pixel of the last row or column is covered from one place, the others from two.
    covered.forEach((times, i) => {
      const p = ((Math.floor(i / 4) === 3 ? 1 : 2) * (i % 4 === 3 ? 1 : 2)) / 16;
      expect(Math.abs(times / count - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / count));
    });
  });

  it('random crop: every place of the padded image equally often', () => {
    const places = new Map<string, number>();
    const { steps } = randomCrop({ size: 3, margin: 1 });
    for (let n = 0; n < count; n++) {
      const { top, left } = steps.draw(3, 3, stream(n));
      places.set(`${top},${left}`, (places.get(`${top},${left}`) ?? 0) + 1);
    }
    expect([...places.keys()].toSorted()).toEqual([
      '-1,-1',
      '-1,0',
      '-1,1',
      '0,-1',
      '0,0',
      '0,1',
      '1,-1',
      '1,0',
      '1,1',
    ]);
    for (const times of places.values())
      expect(Math.abs(times / count - 1 / 9)).toBeLessThan(5 * Math.sqrt(((1 / 9) * (8 / 9)) / count));
  });

  it.each<[string, DescribedView<unknown>, number, (drawn: never) => boolean]>([
    ['boxBlur', boxBlur({ p: 0.3 }), 0.3, (sigma: number) => sigma > 0],
    ['randomInvert', randomInvert({ p: 0.1 }), 0.1, (applied: boolean) => applied],
    ['randomErasing', randomErasing({ p: 0.25 }), 0.25, (box: unknown) => box !== null],
    ['cutout', cutout({ size: 3, p: 0.6 }), 0.6, (corner: unknown) => corner !== null],
    ['randomApply', randomApply(resize({ size: 3 }), 0.7), 0.7, (drawn: unknown) => drawn !== null],
  ])('%s: applied with its probability', (_, { steps }, p, applied) => {
    let times = 0;
    for (let n = 0; n < count; n++) if (applied(steps.draw(64, 48, stream(n)) as never)) times++;
    expect(Math.abs(times / count - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / count));
  });
});

it.each<[string, () => unknown]>([
  ['size', () => centerCrop({ size: 0 })],
  ['size', () => randomCrop({ size: 1.5 })],
  ['margin', () => randomCrop({ size: 4, margin: -1 })],
  ['size', () => resizeShortSide({ size: 0 })],
  ['interpolation', () => resizeShortSide({ size: 4, interpolation: 'lanczos' as never })],
  ['interpolation', () => randomResizedCrop({ size: 4, interpolation: 'nearest' as never })],
  ['degrees', () => randomRotation({ degrees: [3, 1] })],
  ['bits', () => randomPosterize({ bits: 9 })],
  ['factor', () => randomSharpness({ factor: -1 })],
  ['p', () => randomInvert({ p: 3 })],
  ['sigma', () => boxBlur({ sigma: [2, 1] })],
  ['scale', () => randomErasing({ scale: [0.5, 2] })],
  ['ratio', () => randomErasing({ ratio: [0, 2] })],
  ['size', () => cutout({ size: 0 })],
])('a view refuses a bad %s', (option, make) => {
  expect(make).toThrow(InvalidOptionError);
  expect(make).toThrow(new RegExp(`${option} must be`));
});

it('a random crop says when an image is too small', () => {
  expect(() => randomCrop({ size: 40, margin: 2 })(images[0]!, stream(0))).toThrow(DataError);
});
