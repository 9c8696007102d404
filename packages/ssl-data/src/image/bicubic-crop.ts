import { InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import { bicubicWeights } from './bicubic-weights.js';
import { type Image, imageSize } from './image.js';
import { resampleBox } from './kernels/resample-box.js';
import type { Box } from './box.js';
import { checkPart } from './resized-crop.js';

/**
 * Cuts `box` out of an image and resizes it to `[height, width]`, bicubic with antialiasing.
 *
 * Horizontal pass, rounded to 8 bits, then vertical pass; the crop's own edge pixels bound the filter.
 *
 * @param image `[h, w, c]`
 * @param box whole pixels inside the image
 * @param part of the result, the only one that is made: the same levels at less cost. Default all of it
 * @returns `[height, width, c]`, or `[part.height, part.width, c]`
 * @throws InvalidOptionError when the box leaves the image, a size is not positive or the part leaves the result;
 * DataError for more than there is memory for
 * Source: torchvision's `resized_crop` with `BICUBIC` on PIL images, Pillow's `Resample.c`; equal bit for bit.
 */
export function bicubicCrop(image: Image, box: Box, height: number, width: number, part?: Box): Image {
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
  if (part === undefined)
    return ndArray(resampleBox(image, box, height, width, bicubicWeights), [height, width, channels]);
  checkPart('bicubicCrop', part, height, width);
  return ndArray(resampleBox(image, box, height, width, bicubicWeights, part), [part.height, part.width, channels]);
}
