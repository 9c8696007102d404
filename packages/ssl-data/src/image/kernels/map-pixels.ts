import { ndArray } from '@selfsup/ssl-core';
import type { Image } from '../image.js';
import { newPixels } from '../pixel-memory.js';
import { aligned, reserve, slack, type Workspace } from './kernels.js';

/** Pixels of a part at most: with its result it stays within the cache of a core. */
const partPixels = 65536;

/**
 * Runs a kernel from bytes to as many bytes over an image, part by part.
 *
 * @param image `[h, w, c]`
 * @param together number of pixels that a part must not divide, as a row
 */
export function mapPixels(
  image: Image,
  kernel: (kernels: Workspace['kernels'], source: number, out: number, length: number) => void,
  together = 1,
): Image {
  const { data, shape } = image;
  const result = newPixels(data.length);
  const part = (shape[2] ?? 1) * together * Math.max(1, Math.floor(partPixels / together));
  const source = slack;
  const target = aligned(source + Math.min(part, data.length) + slack);
  const { bytes, kernels } = reserve(2 * target);
  for (let start = 0; start < data.length; start += part) {
    const length = Math.min(part, data.length - start);
    bytes.set(data.subarray(start, start + length), source);
    kernel(kernels, source, target, length);
    result.set(bytes.subarray(target, target + length), start);
  }
  return ndArray(result, shape);
}

/** Sum of the grey levels of an image of three channels. */
export function sumGrey({ data }: Image): number {
  const part = 3 * partPixels;
  const { bytes, kernels } = reserve(Math.min(part, data.length) + slack);
  let total = 0;
  for (let start = 0; start < data.length; start += part) {
    const length = Math.min(part, data.length - start);
    bytes.set(data.subarray(start, start + length));
    bytes.fill(0, length, length + slack);
    total += kernels.sumOfGrey(0, length);
  }
  return total;
}
