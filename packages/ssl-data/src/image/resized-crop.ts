import { InvalidOptionError, ndArray } from 'ssl-tensor/host';
import { type Image, imageSize } from './image.js';
import { type ResampleWeights, resampleWeights, weightBits } from './resample-weights.js';
import { Scratch } from './scratch.js';

/** A rectangle of pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const half = 1 << (weightBits - 1);
const passScratch = new Scratch((length) => new Uint8Array(length));
const sumScratch = new Scratch((length) => new Int32Array(length));

/**
 * Cuts `box` out of an image and resizes it to `[height, width]`, bilinear with antialiasing.
 *
 * Horizontal pass, rounded to 8 bits, then vertical pass; the crop's own edge pixels bound the filter.
 *
 * @param image `[h, w, c]`
 * @param box whole pixels inside the image
 * @returns `[height, width, c]`
 * @throws InvalidOptionError when the box leaves the image or a size is not positive
 * Source: torchvision's `resized_crop` on PIL images, Pillow's `Resample.c`; equal bit for bit.
 */
export function resizedCrop(image: Image, box: Box, height: number, width: number): Image {
  const [imageHeight, imageWidth, channels] = imageSize(image, 'resizedCrop');
  const inside =
    box.top >= 0 &&
    box.left >= 0 &&
    box.height > 0 &&
    box.width > 0 &&
    box.top + box.height <= imageHeight &&
    box.left + box.width <= imageWidth;
  if (!inside)
    throw new InvalidOptionError(
      'resizedCrop',
      'box',
      `inside the ${imageHeight} x ${imageWidth} image`,
      JSON.stringify(box),
    );
  if (!(Number.isInteger(height) && height > 0 && Number.isInteger(width) && width > 0)) {
    throw new InvalidOptionError('resizedCrop', 'height and width', 'positive integers', `${height} x ${width}`);
  }
  const out = new Uint8Array(height * width * channels);
  const sourceStride = imageWidth * channels;
  let source = image.data;
  let offset = box.top * sourceStride + box.left * channels;
  let stride = sourceStride;
  const vertical = box.height !== height;
  if (box.width !== width) {
    const target = vertical ? passScratch.get(box.height * width * channels) : out;
    resizeRows(source, offset, sourceStride, box.height, channels, resampleWeights(box.width, width), width, target);
    source = target;
    offset = 0;
    stride = width * channels;
  }
  if (vertical)
    resizeColumns(source, offset, stride, width * channels, resampleWeights(box.height, height), height, out);
  else if (source !== out) copyRows(source, offset, stride, height, width * channels, out);
  return ndArray(out, [height, width, channels]);
}

function copyRows(
  source: Uint8Array,
  offset: number,
  stride: number,
  rows: number,
  length: number,
  out: Uint8Array,
): void {
  for (let y = 0; y < rows; y++)
    out.set(source.subarray(offset + y * stride, offset + y * stride + length), y * length);
}

function resizeRows(
  source: Uint8Array,
  offset: number,
  stride: number,
  rows: number,
  channels: number,
  axis: ResampleWeights,
  width: number,
  out: Uint8Array,
): void {
  const { taps, starts, counts, weights, seconds } = axis;
  let to = 0;
  if (channels === 1 && axis.twoTaps) {
    for (let y = 0; y < rows; y++) {
      const row = offset + y * stride;
      for (let x = 0; x < width; x++) {
        const k = x * taps;
        out[to++] =
          (half + source[row + starts[x]!]! * weights[k]! + source[row + seconds[x]!]! * weights[k + 1]!) >> weightBits;
      }
    }
  } else if (channels === 3) {
    for (let y = 0; y < rows; y++) {
      const row = offset + y * stride;
      for (let x = 0; x < width; x++) {
        let from = row + starts[x]! * 3;
        const end = x * taps + counts[x]!;
        let a = half;
        let b = half;
        let c = half;
        for (let k = x * taps; k < end; k++, from += 3) {
          const weight = weights[k]!;
          a += source[from]! * weight;
          b += source[from + 1]! * weight;
          c += source[from + 2]! * weight;
        }
        out[to] = a >> weightBits;
        out[to + 1] = b >> weightBits;
        out[to + 2] = c >> weightBits;
        to += 3;
      }
    }
  } else {
    for (let y = 0; y < rows; y++) {
      const row = offset + y * stride;
      for (let x = 0; x < width; x++) {
        const end = x * taps + counts[x]!;
        for (let channel = 0; channel < channels; channel++) {
          let from = row + starts[x]! * channels + channel;
          let sum = half;
          for (let k = x * taps; k < end; k++, from += channels) sum += source[from]! * weights[k]!;
          out[to++] = sum >> weightBits;
        }
      }
    }
  }
}

function resizeColumns(
  source: Uint8Array,
  offset: number,
  stride: number,
  length: number,
  axis: ResampleWeights,
  height: number,
  out: Uint8Array,
): void {
  const { taps, starts, counts, weights, seconds } = axis;
  let to = 0;
  if (axis.twoTaps) {
    for (let y = 0; y < height; y++) {
      let first = offset + starts[y]! * stride;
      let second = offset + seconds[y]! * stride;
      const weight = weights[y * taps]!;
      const other = weights[y * taps + 1]!;
      for (const end = to + length; to < end; to++)
        out[to] = (half + source[first++]! * weight + source[second++]! * other) >> weightBits;
    }
    return;
  }
  const sums = sumScratch.get(length);
  for (let y = 0; y < height; y++) {
    sums.fill(half, 0, length);
    for (let t = 0; t < counts[y]!; t++) {
      const from = offset + (starts[y]! + t) * stride;
      const weight = weights[y * taps + t]!;
      for (let i = 0; i < length; i++) sums[i]! += source[from + i]! * weight;
    }
    for (let i = 0; i < length; i++) out[to++] = sums[i]! >> weightBits;
  }
}
