import { InvalidOptionError, ndArray } from 'ssl-core';
import { bicubicWeights } from './bicubic-weights.js';
import { type Image, imageSize } from './image.js';
import { resampleBox } from './kernels/resample-box.js';
import type { Box } from './resized-crop.js';

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
  return ndArray(resampleBox(image, box, height, width, bicubicWeights), [height, width, channels]);
}
