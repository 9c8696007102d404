import { ndArray, ShapeError } from 'ssl-tensor/host';
import { type Image, imageSize } from './image.js';

const table = new Uint8Array(256);

/** ITU-R 601 luma in 16-bit fixed point, Pillow's rounding. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

function greyOrColor(image: Image, where: string): number {
  const channels = imageSize(image, where)[2];
  if (channels !== 1 && channels !== 3)
    throw new ShapeError(where, 'image', '[height, width, 1 or 3]', `[${image.shape.join(', ')}]`);
  return channels;
}

/** `from + factor (to - from)` in single precision, clamped and truncated as Pillow's `blend`. */
function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(factor * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

function throughTable(image: Image): Image {
  const { data } = image;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = table[data[i]!]!;
  return ndArray(out, image.shape);
}

/** Blends with black. @param image `[h, w, c]` @param factor 1 = unchanged @returns `[h, w, c]`. Source: torchvision's `adjust_brightness` on PIL images. */
export function adjustBrightness(image: Image, factor: number): Image {
  const share = Math.fround(factor);
  for (let value = 0; value < 256; value++) table[value] = blend(0, value, share);
  return throughTable(image);
}

/** Blends with the mean grey of the image. @param image `[h, w, 1 or 3]` @param factor 1 = unchanged @returns the same shape. Source: torchvision's `adjust_contrast` on PIL images. */
export function adjustContrast(image: Image, factor: number): Image {
  const channels = greyOrColor(image, 'adjustContrast');
  const { data } = image;
  let total = 0;
  if (channels === 1) for (let i = 0; i < data.length; i++) total += data[i]!;
  else for (let i = 0; i < data.length; i += 3) total += luma(data[i]!, data[i + 1]!, data[i + 2]!);
  const mean = Math.trunc(total / (data.length / channels) + 0.5);
  const share = Math.fround(factor);
  for (let value = 0; value < 256; value++) table[value] = blend(mean, value, share);
  return throughTable(image);
}

/** Blends with the grey image; a grey image stays. @param image `[h, w, 1 or 3]` @param factor 1 = unchanged @returns the same shape. Source: torchvision's `adjust_saturation` on PIL images. */
export function adjustSaturation(image: Image, factor: number): Image {
  if (greyOrColor(image, 'adjustSaturation') === 1) return image;
  const { data } = image;
  const out = new Uint8Array(data.length);
  const share = Math.fround(factor);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    const grey = luma(red, green, blue);
    out[i] = blend(grey, red, share);
    out[i + 1] = blend(grey, green, share);
    out[i + 2] = blend(grey, blue, share);
  }
  return ndArray(out, image.shape);
}

/** Grey version with the same number of channels. @param image `[h, w, 1 or 3]` @returns the same shape. Source: torchvision's `to_grayscale`. */
export function grayscale(image: Image): Image {
  if (greyOrColor(image, 'grayscale') === 1) return image;
  const { data } = image;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data[i]!, data[i + 1]!, data[i + 2]!);
    out[i] = grey;
    out[i + 1] = grey;
    out[i + 2] = grey;
  }
  return ndArray(out, image.shape);
}

/** Inverts every value at or above `threshold`. @param image `[h, w, c]` @param threshold 0..256 @returns `[h, w, c]`. Source: torchvision's `solarize`. */
export function solarizeAbove(image: Image, threshold: number): Image {
  for (let value = 0; value < 256; value++) table[value] = value < threshold ? value : 255 - value;
  return throughTable(image);
}
