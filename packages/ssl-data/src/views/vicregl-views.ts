import { checkCount, checkOptions } from '@selfsup/ssl-core';
import { byolDistortion } from './byol-distortion.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { gaussianBlur, tenthKernel } from './gaussian-blur.js';
import { located } from './located.js';
import { multiCropOptionNames, type MultiCropOptions } from './multi-crop.js';
import { randomApply } from './random-apply.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { solarize } from './solarize.js';
import type { DescribedView, Range } from './view.js';

/**
 * Defaults of {@link vicreglViews}: VICRegL's run of a ResNet-50, with two views. Those of its ConvNeXts have six local ones
 * and `globalScale: [0.4, 1]`.
 */
export const vicreglViewsDefaults = {
  size: 224,
  localSize: 96,
  localCount: 0,
  globalScale: [0.08, 1],
  localScale: [0.08, 0.4],
} as const;

/**
 * VICRegL's views, which say where they lie in the picture: BYOL's changes of the first and the second view by turns.
 *
 * @returns two global views `[h, w, 3] -> [size, size, 3]`, then the local ones of `localSize`, all {@link located}
 * @throws InvalidOptionError
 * Source: Bardes et al. 2022, arXiv 2210.01571, appendix; `MultiCropTrainDataTransform` and the README of its reference
 * code, whose blur is of any width.
 */
export function vicreglViews(options: MultiCropOptions = {}): readonly DescribedView[] {
  const { size, localSize, localCount, globalScale, localScale } = {
    ...vicreglViewsDefaults,
    ...checkOptions('vicreglViews', options, multiCropOptionNames),
  };
  checkCount('vicreglViews', { localCount }, 0);
  const view = (side: number, scale: Range, turn: number): DescribedView =>
    located(
      compose(
        randomResizedCrop({ size: side, scale, interpolation: 'bicubic' }),
        horizontalFlip(),
        byolDistortion(),
        randomApply(gaussianBlur({ kernelSize: tenthKernel(side), sigma: [0.1, 2] }), turn % 2 === 0 ? 1 : 0.1),
        solarize({ p: turn % 2 === 0 ? 0 : 0.2 }),
      ),
    );
  return [
    view(size, globalScale, 0),
    view(size, globalScale, 1),
    ...Array.from({ length: localCount }, (_, turn) => view(localSize, localScale, turn)),
  ];
}
