import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { compose } from './compose.js';
import { gaussianBlur } from './gaussian-blur.js';
import { multiCrop, multiCropOptionNames, type MultiCropOptions } from './multi-crop.js';
import { randomAffine } from './random-affine.js';
import { randomApply } from './random-apply.js';
import { type SmallImageViewsOptions, smallImageViewsDefaults } from './small-image-views.js';
import type { DescribedView } from './view.js';

/** Options of {@link smallImageCrops}. */
export type SmallImageCropsOptions = MultiCropOptions & Pick<SmallImageViewsOptions, 'degrees' | 'blurProbability'>;

const smallImageCropsOptionNames: OptionNames<SmallImageCropsOptions> = {
  ...multiCropOptionNames,
  degrees: 'optionalNumber',
  blurProbability: 'optionalNumber',
};

/** Defaults of {@link smallImageCrops}, chosen for handwritten digits. */
export const smallImageCropsDefaults = {
  size: 28,
  localSize: 16,
  localCount: 4,
  globalScale: [smallImageViewsDefaults.minScale, 1],
  localScale: [0.15, 0.35],
  degrees: smallImageViewsDefaults.degrees,
  blurProbability: smallImageViewsDefaults.blurProbability,
} as const;

/**
 * Multi-crop for small images that keeps orientation and colour: the changes of `smallImageViews` on large and small crops.
 *
 * @returns two global views `[h, w, c] -> [size, size, c]`, then the local ones of `localSize`
 * @throws InvalidOptionError
 */
export function smallImageCrops(options: SmallImageCropsOptions = {}): readonly DescribedView[] {
  const { degrees, blurProbability, ...crops } = {
    ...smallImageCropsDefaults,
    ...checkOptions('smallImageCrops', options, smallImageCropsOptionNames),
  };
  const after = compose(
    randomAffine({ degrees }),
    randomApply(gaussianBlur({ kernelSize: 3, sigma: [0.1, 1] }), blurProbability),
  );
  return multiCrop('smallImageCrops', crops, 'bilinear', [after, after], after);
}
