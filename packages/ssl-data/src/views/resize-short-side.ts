import { InvalidOptionError } from 'ssl-core';
import { bicubicCrop } from '../image/bicubic-crop.js';
import { imageSize } from '../image/image.js';
import { resizedCrop } from '../image/resized-crop.js';
import { checkOneOf, type DescribedView, describedView } from './view.js';

export interface ResizeShortSideOptions {
  /** Length of the shorter side of the output, pixels. */
  readonly size: number;
  /** Default `bilinear`. */
  readonly interpolation?: 'bilinear' | 'bicubic';
}

/**
 * Resizes so that the shorter side has `size` pixels; the proportions stay.
 *
 * @returns a view `[h, w, c] -> [h', w', c]` with `min(h', w') = size`
 * @throws InvalidOptionError
 * Source: torchvision's `Resize` with one number on PIL images.
 */
export function resizeShortSide(options: ResizeShortSideOptions): DescribedView<null> {
  const { size, interpolation = 'bilinear' } = options;
  if (!(Number.isInteger(size) && size > 0))
    throw new InvalidOptionError('resizeShortSide', 'size', 'a positive integer', size);
  checkOneOf('resizeShortSide', 'interpolation', interpolation, ['bilinear', 'bicubic']);
  const cut = interpolation === 'bicubic' ? bicubicCrop : resizedCrop;
  const outputSize = (height: number, width: number): readonly [number, number] =>
    width <= height ? [Math.trunc((size * height) / width), size] : [size, Math.trunc((size * width) / height)];
  return describedView('resizeShortSide', options, {
    draw: () => null,
    apply: (image) => {
      const [height, width] = imageSize(image, 'resizeShortSide');
      return cut(image, { top: 0, left: 0, height, width }, ...outputSize(height, width));
    },
    outputSize,
  });
}
