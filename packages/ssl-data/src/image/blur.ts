import { InvalidOptionError, ndArray, ShapeError } from 'ssl-tensor/host';
import { type Image, imageSize } from './image.js';
import { Scratch } from './scratch.js';

const passScratch = new Scratch((length) => new Float64Array(length));
const rowScratch = new Scratch((length) => new Float64Array(length));

/** One half of a normalised Gaussian kernel: element 0 is the centre's weight, element `t` that of both pixels at distance `t`. */
export function halfKernel(kernelSize: number, sigma: number): Float64Array {
  const radius = (kernelSize - 1) / 2;
  const kernel = new Float64Array(radius + 1);
  let total = 0;
  for (let t = 0; t <= radius; t++) {
    const weight = Math.exp(-0.5 * (t / sigma) ** 2);
    kernel[t] = weight;
    total += t === 0 ? weight : 2 * weight;
  }
  for (let t = 0; t <= radius; t++) kernel[t]! /= total;
  return kernel;
}

/** @throws ShapeError for an image with a side that the kernel's radius reaches: there is nothing left to reflect */
export function checkBlurRadius(radius: number, height: number, width: number): void {
  if (radius >= height || radius >= width)
    throw new ShapeError(
      'blur',
      'image',
      `larger than ${radius} pixels on both sides for a kernel of ${2 * radius + 1}`,
      `${height} x ${width}`,
    );
}

/**
 * Gaussian blur with reflected edges (the edge pixel is not repeated), the same in both directions.
 *
 * @param image `[h, w, c]`
 * @param kernelSize odd, pixels; `(kernelSize - 1) / 2` must be less than both sides
 * @param sigma standard deviation, pixels
 * @returns `[h, w, c]`
 * @throws InvalidOptionError, ShapeError
 * Source: torchvision's `gaussian_blur` on PIL images, within one level.
 */
export function blur(image: Image, kernelSize: number, sigma: number): Image {
  const [height, width, channels] = imageSize(image, 'blur');
  if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0)
    throw new InvalidOptionError('blur', 'kernelSize', 'an odd positive integer', kernelSize);
  if (!(sigma > 0)) throw new InvalidOptionError('blur', 'sigma', 'positive', sigma);
  const radius = (kernelSize - 1) / 2;
  checkBlurRadius(radius, height, width);
  const kernel = halfKernel(kernelSize, sigma);
  const out = new Uint8Array(image.data.length);
  const pass = passScratch.get(out.length);
  blurRows(image.data, height, width, channels, kernel, pass);
  blurColumns(pass, height, width * channels, kernel, out);
  return ndArray(out, image.shape);
}

function blurRows(
  source: Uint8Array,
  height: number,
  width: number,
  channels: number,
  kernel: Float64Array,
  out: Float64Array,
): void {
  const radius = kernel.length - 1;
  const length = width * channels;
  const margin = radius * channels;
  const padded = rowScratch.get(length + 2 * margin);
  const centre = kernel[0]!;
  for (let y = 0; y < height; y++) {
    const row = y * length;
    for (let i = 0; i < length; i++) padded[margin + i] = source[row + i]!;
    for (let t = 1; t <= radius; t++) {
      for (let channel = 0; channel < channels; channel++) {
        padded[margin - t * channels + channel] = source[row + t * channels + channel]!;
        padded[margin + (width - 1 + t) * channels + channel] = source[row + (width - 1 - t) * channels + channel]!;
      }
    }
    if (radius === 1) {
      const side = kernel[1]!;
      for (let i = 0; i < length; i++)
        out[row + i] = centre * padded[margin + i]! + side * (padded[i]! + padded[i + 2 * margin]!);
      continue;
    }
    for (let i = 0; i < length; i++) out[row + i] = centre * padded[margin + i]!;
    for (let t = 1; t <= radius; t++) {
      const weight = kernel[t]!;
      const before = margin - t * channels;
      const after = margin + t * channels;
      for (let i = 0; i < length; i++) out[row + i]! += weight * (padded[before + i]! + padded[after + i]!);
    }
  }
}

function blurColumns(
  source: Float64Array,
  height: number,
  length: number,
  kernel: Float64Array,
  out: Uint8Array,
): void {
  const radius = kernel.length - 1;
  const centre = kernel[0]!;
  const sums = rowScratch.get(length);
  for (let y = 0; y < height; y++) {
    const row = y * length;
    if (radius === 1) {
      const above = Math.abs(y - 1) * length;
      const below = (y + 1 < height ? y + 1 : height - 2) * length;
      const side = kernel[1]!;
      for (let i = 0; i < length; i++)
        out[row + i] = centre * source[row + i]! + side * (source[above + i]! + source[below + i]!) + 0.5;
      continue;
    }
    for (let i = 0; i < length; i++) sums[i] = centre * source[row + i]!;
    for (let t = 1; t <= radius; t++) {
      const weight = kernel[t]!;
      const above = Math.abs(y - t) * length;
      const below = (y + t < height ? y + t : 2 * height - 2 - y - t) * length;
      for (let i = 0; i < length; i++) sums[i]! += weight * (source[above + i]! + source[below + i]!);
    }
    for (let i = 0; i < length; i++) out[row + i] = sums[i]! + 0.5;
  }
}
