import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { centralBox, crop, cropOptionNames, type CropOptions } from '../image/crop.js';
import { imageSize } from '../image/image.js';
import { checkSize, type DescribedView, describedView } from './view.js';

export interface CenterCropOptions extends CropOptions {
  /** Output side, or height and width, pixels. */
  readonly size: number | readonly [height: number, width: number];
}

const centerCropOptionNames: OptionNames<CenterCropOptions> = {
  ...cropOptionNames,
  size: 'required',
};

/**
 * The central part of the image; a smaller image is padded.
 *
 * @returns a view `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError
 * Source: torchvision's `CenterCrop` on PIL images.
 */
export function centerCrop(options: CenterCropOptions): DescribedView<null> {
  checkOptions('centerCrop', options, centerCropOptionNames);
  const { size, ...outside } = options;
  const [height, width] = checkSize('centerCrop', size);
  return describedView('centerCrop', options, {
    draw: () => null,
    apply: (image) => {
      const [imageHeight, imageWidth] = imageSize(image, 'centerCrop');
      return crop(image, centralBox(imageHeight, imageWidth, height, width), outside);
    },
    outputSize: () => [height, width],
    part: (imageHeight, imageWidth) => centralBox(imageHeight, imageWidth, height, width),
  });
}
