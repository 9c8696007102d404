import { ShapeError } from '@selfsup/ssl-core';
import { checkIsImage, type Image, imageSize } from './image.js';
import { mapPixels, sumGrey } from './kernels/map-pixels.js';
import { mapLevels } from './map-levels.js';

function greyOrColor(image: Image, where: string): number {
  const channels = imageSize(image, where)[2];
  if (channels !== 1 && channels !== 3)
    throw new ShapeError(where, 'image', '[height, width, 1 or 3]', `[${image.shape.join(', ')}]`);
  return channels;
}

function blend(image: Image, level: number, factor: number): Image {
  return mapPixels(image, ({ blendLevels }, source, out, length) => blendLevels(source, out, length, level, factor));
}

/** Blends with black. @param image `[h, w, c]` @param factor 1 = unchanged @returns `[h, w, c]`. Source: torchvision's `adjust_brightness` on PIL images. */
export function adjustBrightness(image: Image, factor: number): Image {
  checkIsImage('adjustBrightness', image);
  return blend(image, 0, factor);
}

/** Blends with the mean grey of the image. @param image `[h, w, 1 or 3]` @param factor 1 = unchanged @returns the same shape. Source: torchvision's `adjust_contrast` on PIL images. */
export function adjustContrast(image: Image, factor: number): Image {
  const channels = greyOrColor(image, 'adjustContrast');
  const { data } = image;
  let total = 0;
  if (channels === 3) total = sumGrey(image);
  else for (let i = 0; i < data.length; i++) total += data[i]!;
  return blend(image, Math.trunc(total / (data.length / channels) + 0.5), factor);
}

/** Blends with the grey image; a grey image stays. @param image `[h, w, 1 or 3]` @param factor 1 = unchanged @returns the same shape. Source: torchvision's `adjust_saturation` on PIL images. */
export function adjustSaturation(image: Image, factor: number): Image {
  if (greyOrColor(image, 'adjustSaturation') === 1) return image;
  return mapPixels(image, ({ blendWithGrey }, source, out, length) => blendWithGrey(source, out, length, factor));
}

/** Grey version with the same number of channels. @param image `[h, w, 1 or 3]` @returns the same shape. Source: torchvision's `to_grayscale`. */
export function grayscale(image: Image): Image {
  if (greyOrColor(image, 'grayscale') === 1) return image;
  return mapPixels(image, ({ toGrey }, source, out, length) => toGrey(source, out, length));
}

/** Inverts every value at or above `threshold`. @param image `[h, w, c]` @param threshold 0..256 @returns `[h, w, c]`. Source: torchvision's `solarize`. */
export function solarizeAbove(image: Image, threshold: number): Image {
  checkIsImage('solarizeAbove', image);
  return mapLevels(
    image,
    Uint8Array.from({ length: 256 }, (_, value) => (value < threshold ? value : 255 - value)),
  );
}
