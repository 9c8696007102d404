import { InvalidOptionError, ndArray } from 'ssl-tensor/host';
import { bicubicWeights, type BicubicWeights } from './bicubic-weights.js';
import { type Image, imageSize } from './image.js';
import type { Box } from './resized-crop.js';
import { Scratch } from './scratch.js';

const cropScratch = new Scratch((length) => new Uint8Array(length));
const passScratch = new Scratch((length) => new Uint8Array(length));
const sumScratch = new Scratch((length) => new Int32Array(length));
const half = 1 << 21;

/**
 * Cuts `box` out of an image and resizes it to `[height, width]`, bicubic with antialiasing.
 *
 * Horizontal pass, rounded to 8 bits, then vertical pass; the crop's own edge pixels bound the filter.
 *
 * @param image `[h, w, c]`
 * @param box whole pixels inside the image
 * @returns `[height, width, c]`
 * @throws InvalidOptionError when the box leaves the image or a size is not positive
 * Source: torchvision's `resized_crop` with `BICUBIC` on PIL images, Pillow's `Resample.c`; equal bit for bit.
 */
export function bicubicCrop(image: Image, box: Box, height: number, width: number): Image {
  const [imageHeight, imageWidth, channels] = imageSize(image, 'bicubicCrop');
  const { top, left } = box;
  const inside =
    Math.min(top, left, box.height - 1, box.width - 1) >= 0 &&
    top + box.height <= imageHeight &&
    left + box.width <= imageWidth;
  if (!inside)
    throw new InvalidOptionError(
      'bicubicCrop',
      'box',
      `inside the ${imageHeight} x ${imageWidth} image`,
      JSON.stringify(box),
    );
  if (!(Number.isInteger(height) && height > 0 && Number.isInteger(width) && width > 0))
    throw new InvalidOptionError('bicubicCrop', 'height and width', 'positive integers', `${height} x ${width}`);
  const stride = box.width * channels;
  const cut = cropScratch.get(box.height * stride);
  for (let y = 0; y < box.height; y++) {
    const from = ((top + y) * imageWidth + left) * channels;
    cut.set(image.data.subarray(from, from + stride), y * stride);
  }
  let source = cut;
  if (width !== box.width) {
    source = passScratch.get(box.height * width * channels);
    resizeRows(cut, box.height, stride, channels, bicubicWeights(box.width, width), width, source);
  }
  const out = new Uint8Array(height * width * channels);
  if (height === box.height) out.set(source.subarray(0, out.length));
  else resizeColumns(source, width * channels, bicubicWeights(box.height, height), height, out);
  return ndArray(out, [height, width, channels]);
}

/** The weights overshoot: sums may lie outside 0..255. */
function toByte(sum: number): number {
  const value = sum >> 22;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function resizeRows(
  source: Uint8Array,
  rows: number,
  stride: number,
  channels: number,
  { taps, starts, counts, weights }: BicubicWeights,
  width: number,
  out: Uint8Array,
): void {
  let to = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < width; x++) {
      const first = y * stride + starts[x]! * channels;
      const end = x * taps + counts[x]!;
      for (let channel = 0; channel < channels; channel++) {
        let sum = half;
        for (let k = x * taps, from = first + channel; k < end; k++, from += channels)
          sum += source[from]! * weights[k]!;
        out[to++] = toByte(sum);
      }
    }
  }
}

function resizeColumns(
  source: Uint8Array,
  length: number,
  { taps, starts, counts, weights }: BicubicWeights,
  height: number,
  out: Uint8Array,
): void {
  const sums = sumScratch.get(length);
  for (let y = 0; y < height; y++) {
    sums.fill(half, 0, length);
    for (let t = 0; t < counts[y]!; t++) {
      const from = (starts[y]! + t) * length;
      const weight = weights[y * taps + t]!;
      for (let i = 0; i < length; i++) sums[i]! += source[from + i]! * weight;
    }
    for (let i = 0, to = y * length; i < length; i++) out[to + i] = toByte(sums[i]!);
  }
}
