import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { imageSize } from '../image/image.js';
import type { Box } from '../image/box.js';
import { resizedCrop } from '../image/resized-crop.js';
import { edgesOfBox } from './edges.js';
import { checkSize, type DescribedView, describedView } from './view.js';

export interface ResizeOptions {
  /** Output side, or height and width, pixels. */
  readonly size: number | readonly [height: number, width: number];
  /** `stretch` keeps everything, `cover` first cuts the centre to the output's proportions. Default `cover`. */
  readonly fit?: 'cover' | 'stretch';
}

const resizeOptionNames: OptionNames<ResizeOptions> = {
  size: 'required',
  fit: 'optional',
};

/** The part of an image that {@link resize} keeps. */
export function resizeBox(
  [imageHeight, imageWidth]: readonly [height: number, width: number],
  [height, width]: readonly [height: number, width: number],
  fit: ResizeOptions['fit'] = 'cover',
): Box {
  const part = fit === 'cover' ? Math.min(imageHeight / height, imageWidth / width) : 0;
  const boxHeight = fit === 'cover' ? Math.max(1, Math.min(imageHeight, Math.round(height * part))) : imageHeight;
  const boxWidth = fit === 'cover' ? Math.max(1, Math.min(imageWidth, Math.round(width * part))) : imageWidth;
  return {
    top: Math.floor((imageHeight - boxHeight) / 2),
    left: Math.floor((imageWidth - boxWidth) / 2),
    height: boxHeight,
    width: boxWidth,
  };
}

/**
 * Resizes to a fixed size without randomness, for evaluation and for folders of unequal images.
 *
 * @returns a view `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError
 */
export function resize(options: ResizeOptions): DescribedView<null> {
  checkOptions('resize', options, resizeOptionNames);
  const { fit = 'cover' } = options;
  checkChoice('resize', 'fit', fit, ['cover', 'stretch']);
  const [height, width] = checkSize('resize', options.size);
  return describedView('resize', options, {
    draw: () => null,
    outputSize: () => [height, width],
    edges: (imageHeight, imageWidth) =>
      edgesOfBox(resizeBox([imageHeight, imageWidth], [height, width], fit), imageHeight, imageWidth),
    apply: (image) => {
      const [imageHeight, imageWidth] = imageSize(image, 'resize');
      return resizedCrop(image, resizeBox([imageHeight, imageWidth], [height, width], fit), height, width);
    },
    applyPart: (image, _, part) => {
      const [imageHeight, imageWidth] = imageSize(image, 'resize');
      return resizedCrop(image, resizeBox([imageHeight, imageWidth], [height, width], fit), height, width, part);
    },
  });
}
