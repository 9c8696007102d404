import { InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import type { Box } from './box.js';
import { type Image, imageSize } from './image.js';
import { resampleBox } from './kernels/resample-box.js';
import { resampleWeights } from './resample-weights.js';

/**
 * Cuts `box` out of an image and resizes it to `[height, width]`, bilinear with antialiasing.
 *
 * Horizontal pass, rounded to 8 bits, then vertical pass; the crop's own edge pixels bound the filter.
 *
 * @param image `[h, w, c]`
 * @param box whole pixels inside the image
 * @param part of the result, the only one that is made: the same levels at less cost. Default all of it
 * @returns `[height, width, c]`, or `[part.height, part.width, c]`
 * @throws InvalidOptionError when the box leaves the image, a size is not positive or the part leaves the result;
 * DataError for more than there is memory for
 * Source: torchvision's `resized_crop` on PIL images, Pillow's `Resample.c`; equal bit for bit.
 */
export function resizedCrop(image: Image, box: Box, height: number, width: number, part?: Box): Image {
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
  if (part === undefined)
    return ndArray(resampleBox(image, box, height, width, resampleWeights), [height, width, channels]);
  checkPart('resizedCrop', part, height, width);
  return ndArray(resampleBox(image, box, height, width, resampleWeights, part), [part.height, part.width, channels]);
}

/** Throws {@link InvalidOptionError} unless the part lies in a result of `height` x `width`. */
export function checkPart(where: string, part: Box, height: number, width: number): void {
  const sides = [part.top, part.left, part.height - 1, part.width - 1];
  const isInside =
    sides.every((side) => Number.isInteger(side) && side >= 0) &&
    part.top + part.height <= height &&
    part.left + part.width <= width;
  if (!isInside)
    throw new InvalidOptionError(where, 'part', `whole pixels inside ${height} x ${width}`, JSON.stringify(part));
}
