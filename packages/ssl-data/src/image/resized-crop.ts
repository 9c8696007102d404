import { InvalidOptionError, ndArray } from 'ssl-core';
import { type Image, imageSize } from './image.js';
import { resampleBox } from './kernels/resample-box.js';
import { resampleWeights } from './resample-weights.js';

/** A rectangle of pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

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
  return ndArray(resampleBox(image, box, height, width, resampleWeights), [height, width, channels]);
}
