import { InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { Scratch } from './scratch.js';

const lineScratch = new Scratch((length) => new Uint8Array(length));
const sumScratch = new Scratch((length) => new Int32Array(length));
/** Box filters along each axis. */
export const boxPasses = 3;

/** A box filter of fractional width: whole pixels to both sides, and a part of one more. */
interface BoxFilter {
  readonly radius: number;
  /** Weights of a whole pixel and of the outermost two, of 2^24. */
  readonly inner: number;
  readonly outer: number;
}

/**
 * The box whose `boxPasses`-fold application has variance `sigma^2`.
 *
 * Source: Gwosdek et al. 2011, "Theoretical foundations of Gaussian convolution by extended box filtering", equations 7,
 * 11 and 14; Pillow's `BoxBlur.c`.
 */
export function boxFilter(sigma: number): BoxFilter {
  const variance = Math.fround((sigma * sigma) / boxPasses);
  const whole = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const rest = ((2 * whole + 1) * (whole * (whole + 1) - 3 * variance)) / (6 * (variance - (whole + 1) * (whole + 1)));
  const radius = Math.fround(whole + rest);
  const inner = Math.trunc(2 ** 24 / Math.fround(radius * 2 + 1));
  return {
    radius: Math.trunc(radius),
    inner,
    outer: Math.trunc((2 ** 24 - (Math.trunc(radius) * 2 + 1) * inner) / 2),
  };
}

/**
 * Gaussian blur by three box filters along each axis, edge pixels repeated: the cost does not depend on `sigma`.
 *
 * @param image `[h, w, c]`
 * @param sigma standard deviation, pixels, 0..1000; 0 = unchanged
 * @returns `[h, w, c]`
 * @throws InvalidOptionError
 * Source: Pillow's `ImageFilter.GaussianBlur(radius=sigma)`, with which MoCo, SimSiam, Barlow Twins, VICReg and DINO were
 * trained; equal bit for bit.
 */
export function boxGaussianBlur(image: Image, sigma: number): Image {
  const [height, width, channels] = imageSize(image, 'boxGaussianBlur');
  if (!(sigma >= 0 && sigma <= 1000))
    throw new InvalidOptionError('boxGaussianBlur', 'sigma', 'between 0 and 1000 pixels', sigma);
  if (sigma === 0) return image;
  const filter = boxFilter(sigma);
  const out = Uint8Array.from(image.data);
  const stride = width * channels;
  for (let pass = 0; pass < boxPasses; pass++)
    for (let y = 0; y < height; y++) blurLines(out, y * stride, width, channels, channels, filter);
  for (let pass = 0; pass < boxPasses; pass++) blurLines(out, 0, height, stride, stride, filter);
  return ndArray(out, image.shape);
}

/** Filters `lanes` interleaved lines of `length` pixels in place; neighbours of a line lie `step` apart. */
function blurLines(
  data: Uint8Array,
  offset: number,
  length: number,
  step: number,
  lanes: number,
  { radius, inner, outer }: BoxFilter,
): void {
  const size = length * step;
  const line = lineScratch.get(size);
  line.set(data.subarray(offset, offset + size));
  const last = size - step;
  const sums = sumScratch.get(lanes);
  for (let lane = 0; lane < lanes; lane++) {
    let sum = line[lane]! * (radius + 1);
    for (let t = 1; t <= radius; t++) sum += line[Math.min(t * step, last) + lane]!;
    sums[lane] = sum;
  }
  for (let x = 0; x < length; x++) {
    const to = offset + x * step;
    // Both ends of the box, the two pixels just outside it, and what the next step adds.
    const before = Math.max(0, (x - radius - 1) * step);
    const after = Math.min(last, (x + radius + 1) * step);
    const leaves = Math.max(0, (x - radius) * step);
    for (let lane = 0; lane < lanes; lane++) {
      const sum = sums[lane]!;
      const entering = line[after + lane]!;
      data[to + lane] = (sum * inner + (line[before + lane]! + entering) * outer + 8388608) / 16777216;
      sums[lane] = sum + entering - line[leaves + lane]!;
    }
  }
}
