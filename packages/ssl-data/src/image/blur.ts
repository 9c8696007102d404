import { DataError, InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { aligned, reserve, slack } from './kernels/kernels.js';
import { copyPixels } from './pixel-memory.js';

const unit = 1 << 14;
/** Bytes of the rows that go through the horizontal pass at a time: they stay in the cache of a core. */
const band = 1 << 17;

/** One half of a normalised Gaussian kernel: element 0 is the centre's weight, element `t` that of both pixels at distance `t`. */
export function halfKernel(kernelSize: number, sigma: number): Float64Array {
  const exact = Float64Array.from({ length: (kernelSize + 1) / 2 }, (_, t) => Math.exp(-0.5 * (t / sigma) ** 2));
  const total = exact.reduce((sum, weight, t) => sum + (t === 0 ? weight : 2 * weight), 0);
  return exact.map((weight) => weight / total);
}

/**
 * The same in 14-bit fixed point, without the outer weights that round to nothing and with half the centre's weight.
 * Their sum is exactly one half, so that a constant image stays. Padded with 0 to an even number.
 */
function fixedKernel(kernelSize: number, sigma: number): Int16Array {
  const weights: number[] = [unit / 2];
  for (const exact of halfKernel(kernelSize, sigma).subarray(1)) {
    const weight = Math.round(exact * unit);
    if (weight === 0) break;
    weights[0]! -= weight;
    weights.push(weight);
  }
  if (weights.length % 2 === 1) weights.push(0);
  return Int16Array.from(weights);
}

/** @throws DataError for an image with a side that the kernel's radius reaches: there is nothing left to reflect */
export function checkBlurRadius(radius: number, height: number, width: number): void {
  if (radius >= height || radius >= width)
    throw new DataError(
      `blur by a kernel of ${2 * radius + 1} takes more than ${radius} pixels on both sides, not ${height} x ${width}; resize first, or take a smaller kernel`,
    );
}

/**
 * Gaussian blur with reflected edges (the edge pixel is not repeated), the same in both directions.
 *
 * @param image `[h, w, c]`
 * @param kernelSize odd, pixels; `(kernelSize - 1) / 2` must be less than both sides
 * @param sigma standard deviation, pixels
 * @returns `[h, w, c]`
 * @throws InvalidOptionError, DataError
 * Source: torchvision's `gaussian_blur` on PIL images, within one level.
 */
export function blur(image: Image, kernelSize: number, sigma: number): Image {
  const [height, width, channels] = imageSize(image, 'blur');
  if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0)
    throw new InvalidOptionError('blur', 'kernelSize', 'an odd positive integer', kernelSize);
  if (!(sigma > 0)) throw new InvalidOptionError('blur', 'sigma', 'positive', sigma);
  checkBlurRadius((kernelSize - 1) / 2, height, width);
  const kernel = fixedKernel(kernelSize, sigma);
  const length = width * channels;
  const reach = kernel.length - 1;
  const margin = reach * channels;
  // The kernel, the addresses of the rows with their reflections, a band of rows with margins, all rows in 64ths, the result.
  const addresses = aligned(2 * kernel.length);
  const source = aligned(addresses + 4 * (height + 2 * reach));
  const stride = length + 2 * margin;
  const bandRows = Math.max(1, Math.min(height, Math.floor(band / stride)));
  const pass = aligned(source + bandRows * stride + slack);
  const out = aligned(pass + 2 * height * length + slack);
  const { bytes, words, kernels } = reserve(out + height * length + slack);
  new Int16Array(bytes.buffer).set(kernel);
  for (let y = -reach; y < height + reach; y++)
    words[addresses / 4 + reach + y] = pass + 2 * length * reflected(y, height);
  for (let first = 0; first < height; first += bandRows) {
    const rows = Math.min(bandRows, height - first);
    for (let y = 0; y < rows; y++) {
      const row = source + y * stride + margin;
      const from = (first + y) * length;
      bytes.set(image.data.subarray(from, from + length), row);
      for (let t = 1; t <= reach; t++) {
        const [left, right] = [reflected(-t, width), reflected(width - 1 + t, width)];
        for (let channel = 0; channel < channels; channel++) {
          bytes[row - t * channels + channel] = bytes[row + left * channels + channel]!;
          bytes[row + (width - 1 + t) * channels + channel] = bytes[row + right * channels + channel]!;
        }
      }
    }
    const to = pass + 2 * first * length;
    kernels.blurRows(source + margin, stride, rows, to, length, channels, 0, 2 * kernel.length);
  }
  kernels.blurColumns(addresses + 4 * reach, height, out, length, 0, 2 * kernel.length);
  return ndArray(copyPixels(bytes.subarray(out, out + height * length)), image.shape);
}

/** Where a position beyond an edge is reflected to; the pad's one position too far, with weight 0, stays inside. */
function reflected(at: number, size: number): number {
  const inside = at < 0 ? -at : at >= size ? 2 * size - 2 - at : at;
  return Math.min(Math.max(inside, 0), size - 1);
}
