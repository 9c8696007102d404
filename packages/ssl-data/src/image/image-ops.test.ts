import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adjustBrightness, adjustContrast, adjustSaturation, grayscale, solarizeAbove } from './adjust-color.js';
import { adjustHue } from './adjust-hue.js';
import { affine, type AffineOptions } from './affine.js';
import { blur } from './blur.js';
import { flipHorizontally, flipVertically } from './flip.js';
import type { Image } from './image.js';
import type { Box } from './box.js';
import { resizedCrop } from './resized-crop.js';

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
  readFileSync(new URL('../../../../test/golden/data/image-ops.json', import.meta.url), 'utf8'),
) as Golden;
const decode = ({ shape, data }: Stored): Image => ({ shape, data: new Uint8Array(Buffer.from(data, 'base64')) });

/** Each operation, and how many of 255 levels it may differ from the reference. */
const operations: Record<string, readonly [tolerance: number, run: (image: Image, options: never) => Image]> = {
  resizedCrop: [
    0,
    (image, { box, height, width }: { box: Box; height: number; width: number }) =>
      resizedCrop(image, box, height, width),
  ],
  affine: [0, (image, options: AffineOptions) => affine(image, options)],
  blur: [1, (image, { kernelSize, sigma }: { kernelSize: number; sigma: number }) => blur(image, kernelSize, sigma)],
  adjustBrightness: [0, (image, { factor }: { factor: number }) => adjustBrightness(image, factor)],
  adjustContrast: [0, (image, { factor }: { factor: number }) => adjustContrast(image, factor)],
  adjustSaturation: [0, (image, { factor }: { factor: number }) => adjustSaturation(image, factor)],
  adjustHue: [0, (image, { factor }: { factor: number }) => adjustHue(image, factor)],
  solarizeAbove: [0, (image, { factor }: { factor: number }) => solarizeAbove(image, factor)],
  grayscale: [0, (image) => grayscale(image)],
  flipHorizontally: [0, (image) => flipHorizontally(image)],
  flipVertically: [0, (image) => flipVertically(image)],
};

describe('image operations against torchvision on PIL images', () => {
  it('covers every operation', () => {
    expect(new Set(golden.cases.map(({ op }) => op))).toEqual(new Set(Object.keys(operations)));
  });

  it.each(golden.cases)('$op of $image with $options', ({ op, image, options, result }) => {
    const [tolerance, run] = operations[op]!;
    const input = decode(golden.images[image]!);
    const before = Uint8Array.from(input.data);
    const actual = run(input, options);
    const expected = decode(result);
    expect(actual.shape).toEqual(expected.shape);
    const worst = expected.data.reduce((most, value, i) => Math.max(most, Math.abs(value - actual.data[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(tolerance);
    expect(input.data).toEqual(before);
  });
});
