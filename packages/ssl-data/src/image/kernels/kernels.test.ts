import { ndArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { adjustBrightness, adjustContrast, adjustSaturation, grayscale } from '../adjust-color.js';
import { adjustHue } from '../adjust-hue.js';
import { bicubicCrop } from '../bicubic-crop.js';
import { bicubicWeights } from '../bicubic-weights.js';
import { blur } from '../blur.js';
import { flipHorizontally } from '../flip.js';
import type { Image } from '../image.js';
import { resampleWeights } from '../resample-weights.js';
import type { Box } from '../box.js';
import { resizedCrop } from '../resized-crop.js';
import type { AxisWeights } from '../filter-weights.js';

/** Noise with flat patches of black, white and grey. */
function picture(height: number, width: number, channels: number, seed: number): Image {
  const random = new RandomStream(randomKey(seed));
  const flat = [0, 255, 90];
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) =>
    i % 50 < 9 ? flat[(i >> 6) % 3]! : random.integer(256),
  );
  return ndArray(data, [height, width, channels]);
}

/** More than one part, and a number of pixels that no vector divides. */
const large = picture(311, 277, 3, 1);
/** Fewer pixels than a vector holds. */
const tiny = picture(1, 3, 3, 2);
const { fround } = Math;

const luma = (red: number, green: number, blue: number): number =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
function blend(from: number, to: number, factor: number): number {
  const value = fround(from + fround(fround(factor) * (to - from)));
  return Math.trunc(Math.min(255, Math.max(0, value)));
}
function mapColors(
  { data, shape }: Image,
  map: (red: number, green: number, blue: number) => readonly number[],
): Image {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) out.set(map(data[i]!, data[i + 1]!, data[i + 2]!), i);
  return ndArray(out, shape);
}

/** Pillow's `rgb2hsv` and `hsv2rgb`, one pixel at a time. */
function turned(red: number, green: number, blue: number, shift: number): readonly number[] {
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  if (range === 0) return [value, value, value];
  const [byRed, byGreen, byBlue] = [red, green, blue].map((channel) => fround((value - channel) / range)) as [
    number,
    number,
    number,
  ];
  const sector = fround(red === value ? byBlue - byGreen : green === value ? 2 + byRed - byBlue : 4 + byGreen - byRed);
  const hue = (Math.trunc(fround((sector / 6 + 1) % 1) * 255) + shift) & 255;
  const saturation = Math.trunc(fround(range / value) * 255);
  if (saturation === 0) return [value, value, value];
  const scaled = (hue * 6) / 255;
  const sextant = Math.floor(scaled);
  const rest = fround(scaled - sextant);
  const share = fround(saturation / 255);
  const [p, q, t] = [1, rest, 1 - rest].map((part) => Math.trunc(value * (1 - share * part) + 0.5)) as [
    number,
    number,
    number,
  ];
  return [
    [value, t, p],
    [q, value, p],
    [p, value, t],
    [p, q, value],
    [t, p, value],
    [value, p, q],
  ][sextant % 6]!;
}

/** Both passes of a resize, one value at a time. */
function resized(
  image: Image,
  box: Box,
  height: number,
  width: number,
  weightsOf: (inputSize: number, outputSize: number) => AxisWeights,
): Uint8Array {
  const [, imageWidth, channels] = image.shape as [number, number, number];
  const axis = (size: number, to: number, source: (at: number) => number): number[] => {
    if (size === to) return Array.from({ length: to }, (_, at) => source(at));
    const { taps, starts, counts, weights } = weightsOf(size, to);
    return Array.from({ length: to }, (_, at) => {
      let sum = 2 ** 21;
      for (let k = 0; k < counts[at]!; k++) sum += source(starts[at]! + k) * weights[at * taps + k]!;
      return Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22)));
    });
  };
  const out = new Uint8Array(height * width * channels);
  for (let channel = 0; channel < channels; channel++) {
    const level = (y: number, x: number): number =>
      image.data[((box.top + y) * imageWidth + box.left + x) * channels + channel]!;
    const rows = Array.from({ length: box.height }, (_, y) => axis(box.width, width, (x) => level(y, x)));
    for (let x = 0; x < width; x++)
      axis(box.height, height, (y) => rows[y]![x]!).forEach((value, y) => {
        out[(y * width + x) * channels + channel] = value;
      });
  }
  return out;
}

/** Blur with exact weights; levels are not rounded. */
function blurred({ data, shape }: Image, kernelSize: number, sigma: number): Float64Array {
  const [height, width, channels] = shape as [number, number, number];
  const radius = (kernelSize - 1) / 2;
  const weights = Array.from({ length: kernelSize }, (_, t) => Math.exp(-0.5 * ((t - radius) / sigma) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight);
  const inside = (at: number, size: number): number => (at < 0 ? -at : at >= size ? 2 * size - 2 - at : at);
  const pass = (source: ArrayLike<number>, size: number, step: number): Float64Array =>
    Float64Array.from({ length: data.length }, (_, i) => {
      const at = Math.floor(i / step) % size;
      return weights.reduce(
        (sum, w, t) => sum + (w / total) * source[i + (inside(at + t - radius, size) - at) * step]!,
        0,
      );
    });
  return pass(pass(data, width, channels), height, width * channels);
}

/** `toEqual` takes seconds for a picture. */
function expectSame(actual: Image, expected: Image): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.data.length).toBe(expected.data.length);
  expect(actual.data.findIndex((level, i) => level !== expected.data[i])).toBe(-1);
}

describe('kernels against a loop over single values', () => {
  it.each([large, tiny])('colours', (image) => {
    for (const factor of [0, 0.37, 1, 1.7, 1e9]) {
      expectSame(
        adjustBrightness(image, factor),
        ndArray(
          image.data.map((level) => blend(0, level, factor)),
          image.shape,
        ),
      );
      expectSame(
        adjustSaturation(image, factor),
        mapColors(image, (...color) => color.map((level) => blend(luma(...color), level, factor))),
      );
    }
    const grey = mapColors(image, (...color) => Array.from({ length: 3 }, () => luma(...color)));
    expectSame(grayscale(image), grey);
    const mean = Math.floor(grey.data.reduce((sum, level) => sum + level, 0) / grey.data.length + 0.5);
    expectSame(
      adjustContrast(image, 1.4),
      ndArray(
        image.data.map((level) => blend(mean, level, 1.4)),
        image.shape,
      ),
    );
    expectSame(flipHorizontally(flipHorizontally(image)), image);
    expect([...flipHorizontally(image).data.subarray(0, 3)]).toEqual([
      ...image.data.subarray((image.shape[1]! - 1) * 3, image.shape[1]! * 3),
    ]);
  });

  it('hue, of every pair of largest, middle and least', () => {
    const colors: number[] = [];
    for (let most = 0; most < 256; most += 3)
      for (let least = 0; least <= most; least += 5)
        for (let middle = least; middle <= most; middle += 7)
          for (const color of [
            [most, middle, least],
            [most, least, middle],
            [middle, most, least],
            [least, most, middle],
            [middle, least, most],
            [least, middle, most],
          ])
            colors.push(...color);
    const image = ndArray(Uint8Array.from(colors), [1, colors.length / 3, 3]);
    for (const turn of [-0.5, -0.2, 0, 0.013, 0.31])
      expectSame(
        adjustHue(image, turn),
        mapColors(image, (...color) => turned(...color, Math.trunc(turn * 255))),
      );
  });

  it.each([
    [large, { top: 0, left: 0, height: 311, width: 277 }, 224, 224],
    [large, { top: 7, left: 3, height: 300, width: 224 }, 31, 224],
    [large, { top: 7, left: 3, height: 32, width: 201 }, 32, 17],
    [picture(700, 260, 3, 3), { top: 1, left: 0, height: 699, width: 260 }, 50, 50],
    [picture(40, 30, 1, 4), { top: 2, left: 1, height: 31, width: 27 }, 28, 28],
    [picture(9, 8, 4, 5), { top: 0, left: 0, height: 9, width: 8 }, 20, 21],
    [tiny, { top: 0, left: 0, height: 1, width: 1 }, 5, 4],
  ] as const)('crops %#', (image, box, height, width) => {
    const shape = [height, width, image.shape[2]!];
    expectSame(
      resizedCrop(image, box, height, width),
      ndArray(resized(image, box, height, width, resampleWeights), shape),
    );
    expectSame(
      bicubicCrop(image, box, height, width),
      ndArray(resized(image, box, height, width, bicubicWeights), shape),
    );
  });

  it.each([
    [large, 23, 2],
    [large, 23, 0.7],
    [picture(28, 28, 1, 6), 3, 1],
    [picture(12, 12, 3, 7), 23, 9],
    [picture(17, 5, 4, 8), 9, 1.3],
    [picture(2, 2, 3, 9), 3, 0.1],
  ])('blur %# comes within 0.6 of the exact level', (image, kernelSize, sigma) => {
    const exact = blurred(image, kernelSize, sigma);
    const worst = blur(image, kernelSize, sigma).data.reduce(
      (most, level, i) => Math.max(most, Math.abs(level - exact[i]!)),
      0,
    );
    expect(worst).toBeLessThan(0.6);
  });

  it('blur keeps a constant image', () => {
    for (const level of [0, 1, 128, 255])
      for (const sigma of [0.1, 0.6, 1.9, 30]) {
        const image = ndArray(new Uint8Array(30 * 31 * 3).fill(level), [30, 31, 3]);
        expect(blur(image, 23, sigma)).toEqual(image);
      }
  });
});
