import { checkChoice, checkOptions, type OptionNames, type RandomStream } from '@selfsup/ssl-core';
import { bicubicCrop } from '../image/bicubic-crop.js';
import type { Box } from '../image/box.js';
import { resizedCrop } from '../image/resized-crop.js';
import { edgesOfBox } from './edges.js';
import { checkRange, checkSize, type DescribedView, describedView, type Range } from './view.js';

export interface RandomResizedCropOptions {
  /** Output side, or height and width, pixels. */
  readonly size: number | readonly [height: number, width: number];
  /** Part of the area that is kept. Default `[0.08, 1]`. */
  readonly scale?: Range;
  /** Width over height of the crop. Default `[3 / 4, 4 / 3]`. */
  readonly ratio?: Range;
  /** Default `bilinear`. */
  readonly interpolation?: 'bilinear' | 'bicubic';
}

const randomResizedCropOptionNames: OptionNames<RandomResizedCropOptions> = {
  size: 'required',
  scale: 'optional',
  ratio: 'optional',
  interpolation: 'optional',
};

/**
 * Draws the box of a random resized crop: area uniform in `scale`, ratio log-uniform in `ratio`, position uniform; ten
 * tries, then the largest central crop of an allowed ratio.
 *
 * Source: Szegedy et al. 2014 (arXiv 1409.4842); torchvision's `RandomResizedCrop.get_params`.
 */
export function drawCropBox(height: number, width: number, scale: Range, ratio: Range, random: RandomStream): Box {
  const area = height * width;
  const low = Math.log(ratio[0]);
  const high = Math.log(ratio[1]);
  for (let attempt = 0; attempt < 10; attempt++) {
    const target = area * random.uniform(scale[0], scale[1]);
    const aspect = Math.exp(random.uniform(low, high));
    const boxWidth = Math.round(Math.sqrt(target * aspect));
    const boxHeight = Math.round(Math.sqrt(target / aspect));
    if (boxWidth > 0 && boxWidth <= width && boxHeight > 0 && boxHeight <= height) {
      const top = random.integer(height - boxHeight + 1);
      const left = random.integer(width - boxWidth + 1);
      return { top, left, height: boxHeight, width: boxWidth };
    }
  }
  return centralBox(height, width, ratio);
}

function centralBox(height: number, width: number, ratio: Range): Box {
  let boxWidth = width;
  let boxHeight = height;
  // At least one pixel: the reference fails on images a hundred times longer than wide.
  if (width / height < ratio[0]) boxHeight = Math.max(1, Math.round(width / ratio[0]));
  else if (width / height > ratio[1]) boxWidth = Math.max(1, Math.round(height * ratio[1]));
  return {
    top: Math.floor((height - boxHeight) / 2),
    left: Math.floor((width - boxWidth) / 2),
    height: boxHeight,
    width: boxWidth,
  };
}

/**
 * Random part of the image, resized (antialiased) to a fixed size.
 *
 * @returns a view `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError
 * Source: torchvision's `RandomResizedCrop` on PIL images.
 */
export function randomResizedCrop(options: RandomResizedCropOptions): DescribedView<Box> {
  checkOptions('randomResizedCrop', options, randomResizedCropOptionNames);
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = 'bilinear' } = options;
  const [height, width] = checkSize('randomResizedCrop', options.size);
  checkRange('randomResizedCrop', 'scale', scale, Number.MIN_VALUE, 1);
  checkRange('randomResizedCrop', 'ratio', ratio, Number.MIN_VALUE, Number.MAX_VALUE);
  checkChoice('randomResizedCrop', 'interpolation', interpolation, ['bilinear', 'bicubic']);
  const cut = interpolation === 'bicubic' ? bicubicCrop : resizedCrop;
  return describedView('randomResizedCrop', options, {
    draw: (imageHeight, imageWidth, random) => drawCropBox(imageHeight, imageWidth, scale, ratio, random),
    apply: (image, box) => cut(image, box, height, width),
    outputSize: () => [height, width],
    edges: (imageHeight, imageWidth, box) => edgesOfBox(box, imageHeight, imageWidth),
  });
}
