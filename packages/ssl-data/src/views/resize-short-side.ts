import { checkChoice, checkCount, checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { bicubicCrop } from '../image/bicubic-crop.js';
import { imageSize } from '../image/image.js';
import { resizedCrop } from '../image/resized-crop.js';
import { checkOutputPixels, defaultMaxOutputPixels } from './output-pixels.js';
import { type DescribedView, describedView } from './view.js';

export interface ResizeShortSideOptions {
  /** Length of the shorter side of the output, pixels. */
  readonly size: number;
  /** Default `bilinear`. */
  readonly interpolation?: 'bilinear' | 'bicubic';
  /**
   * Largest number of pixels of the output, which grows without bound with the proportions of the image. Where a crop
   * follows in `compose`, only the crop counts. Default 67,108,864.
   */
  readonly maxPixels?: number;
}

const resizeShortSideOptionNames: OptionNames<ResizeShortSideOptions> = {
  size: 'requiredNumber',
  interpolation: 'optional',
  maxPixels: 'optionalNumber',
};

/**
 * Resizes so that the shorter side has `size` pixels; the proportions stay. With `centerCrop` or `randomCrop` right after
 * it in `compose`, only the part that they keep is made.
 *
 * @returns a view `[h, w, c] -> [h', w', c]` with `min(h', w') = size`
 * @throws InvalidOptionError; the view throws DataError for an image whose result would have more than `maxPixels`
 * Source: torchvision's `Resize` with one number on PIL images.
 */
export function resizeShortSide(options: ResizeShortSideOptions): DescribedView<null> {
  checkOptions('resizeShortSide', options, resizeShortSideOptionNames);
  const { size, interpolation = 'bilinear', maxPixels = defaultMaxOutputPixels } = options;
  checkCount('resizeShortSide', { size });
  checkChoice('resizeShortSide', 'interpolation', interpolation, ['bilinear', 'bicubic']);
  const cut = interpolation === 'bicubic' ? bicubicCrop : resizedCrop;
  if (!(maxPixels > 0)) throw new InvalidOptionError('resizeShortSide', 'maxPixels', 'positive', maxPixels);
  const outputSize = (height: number, width: number): readonly [number, number] => {
    const long = Math.trunc((size * Math.max(height, width)) / Math.min(height, width));
    const output = width <= height ? ([long, size] as const) : ([size, long] as const);
    // Also where only a part is made: places are drawn from 32 bits.
    checkOutputPixels('resizeShortSide', [height, width], output, size * (2 ** 31 - 1));
    return output;
  };
  return describedView('resizeShortSide', options, {
    draw: () => null,
    apply: (image) => {
      const [height, width] = imageSize(image, 'resizeShortSide');
      const output = outputSize(height, width);
      checkOutputPixels('resizeShortSide', [height, width], output, maxPixels);
      return cut(image, { top: 0, left: 0, height, width }, ...output);
    },
    applyPart: (image, _, part) => {
      const [height, width] = imageSize(image, 'resizeShortSide');
      return cut(image, { top: 0, left: 0, height, width }, ...outputSize(height, width), part);
    },
    outputSize,
  });
}
