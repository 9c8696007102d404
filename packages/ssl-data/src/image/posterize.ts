import { checkInteger } from '@selfsup/ssl-core';
import { checkIsImage, type Image } from './image.js';
import { mapLevels } from './map-levels.js';

/**
 * Keeps the upper bits of every value.
 *
 * @param image `[h, w, c]`
 * @param bits to keep, 0..8; 8 = unchanged
 * @returns `[h, w, c]`
 * @throws InvalidOptionError
 * Source: torchvision's `posterize` on PIL images.
 */
export function posterize(image: Image, bits: number): Image {
  checkIsImage('posterize', image);
  checkInteger('posterize', 'bits', bits, 0, 8);
  const mask = 256 - 2 ** (8 - bits);
  return mapLevels(
    image,
    Uint8Array.from({ length: 256 }, (_, value) => value & mask),
  );
}
