import { checkInteger, checkOptions, DataError, type OptionNames } from '@selfsup/ssl-core';
import { crop, cropOptionNames, type CropOptions } from '../image/crop.js';
import { checkSize, type DescribedView, describedView } from './view.js';

export interface RandomCropOptions extends CropOptions {
  /** Output side, or height and width, pixels. */
  readonly size: number | readonly [height: number, width: number];
  /** Pixels added on each side before the crop. Default 0. */
  readonly margin?: number;
}

const randomCropOptionNames: OptionNames<RandomCropOptions> = {
  ...cropOptionNames,
  size: 'required',
  margin: 'optionalNumber',
};

/** Places are drawn from 32 bits. */
const maxMargin = 2 ** 24;

/** One draw of {@link randomCrop}: the upper left corner in the image, negative in the margin. */
export interface RandomCropParameters {
  readonly top: number;
  readonly left: number;
}

/**
 * A part of fixed size at a random place, without resizing; `randomCrop({ size: 32, margin: 4 })` is the usual one for
 * CIFAR.
 *
 * @returns a view `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError; the view throws DataError for an image that is too small with its margin
 * Source: torchvision's `RandomCrop` on PIL images.
 */
export function randomCrop(options: RandomCropOptions): DescribedView<RandomCropParameters> {
  checkOptions('randomCrop', options, randomCropOptionNames);
  const { size, margin = 0, ...outside } = options;
  const [height, width] = checkSize('randomCrop', size);
  checkInteger('randomCrop', 'margin', margin, 0, maxMargin);
  return describedView('randomCrop', options, {
    draw: (imageHeight, imageWidth, random) => {
      const rows = imageHeight + 2 * margin - height;
      const columns = imageWidth + 2 * margin - width;
      if (rows < 0 || columns < 0)
        throw new DataError(
          `randomCrop takes ${height} x ${width} pixels, more than ${imageHeight} x ${imageWidth} with a margin of ${margin} on each side; resize first, or take a larger margin`,
        );
      return { top: random.integer(rows + 1) - margin, left: random.integer(columns + 1) - margin };
    },
    apply: (image, { top, left }) => crop(image, { top, left, height, width }, outside),
    outputSize: () => [height, width],
    part: (_height, _width, { top, left }) => ({ top, left, height, width }),
  });
}
