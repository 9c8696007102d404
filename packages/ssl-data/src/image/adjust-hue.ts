import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { mapPixels } from './kernels/map-pixels.js';

/**
 * Turns the colour wheel; a grey image stays.
 *
 * Hue, saturation and value are rounded to 8 bits in between, as in the reference.
 *
 * @param image `[h, w, 1 or 3]`
 * @param turn part of a full turn, -0.5..0.5; 0 = unchanged up to rounding
 * @returns the same shape
 * Source: torchvision's `adjust_hue` on PIL images, Pillow's `Convert.c` (`rgb2hsv`, `hsv2rgb`).
 */
export function adjustHue(image: Image, turn: number): Image {
  if (!(turn >= -0.5 && turn <= 0.5)) throw new InvalidOptionError('adjustHue', 'turn', 'between -0.5 and 0.5', turn);
  const channels = imageSize(image, 'adjustHue')[2];
  if (channels === 1) return image;
  if (channels !== 3)
    throw new ShapeError('adjustHue', 'image', '[height, width, 1 or 3]', `[${image.shape.join(', ')}]`);
  const shift = Math.trunc(turn * 255);
  return mapPixels(image, ({ turnHue }, source, out, length) => turnHue(source, out, length, shift));
}
