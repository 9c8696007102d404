import { checkOptions } from '@selfsup/ssl-core';
import { boxBlur } from './box-blur.js';
import { byolDistortion } from './byol-distortion.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { multiCrop, multiCropOptionNames, type MultiCropOptions } from './multi-crop.js';
import { solarize } from './solarize.js';
import type { DescribedView } from './view.js';

/** Defaults of {@link dinoViews}: DINO's reference code; the paper's ViT-S has 10 local views. */
export const dinoViewsDefaults = {
  size: 224,
  localSize: 96,
  localCount: 8,
  globalScale: [0.4, 1],
  localScale: [0.05, 0.4],
} as const;

/** Defaults of {@link ibotViews}: iBOT (arXiv 2111.07832), ViT-S/16. */
export const ibotViewsDefaults = {
  ...dinoViewsDefaults,
  localCount: 10,
  globalScale: [0.25, 1],
  localScale: [0.05, 0.25],
} as const;

/**
 * DINO's views: two global ones, the first always blurred, the second blurred with probability 0.1 and solarised with
 * 0.2, and local ones, blurred with probability 0.5; all with bicubic crop, flip and BYOL's colour changes.
 *
 * @returns two global views `[h, w, 3] -> [size, size, 3]`, then the local ones of `localSize`
 * @throws InvalidOptionError
 * Source: Caron et al. 2021, arXiv 2104.14294, section 3.2; `DataAugmentationDINO` in its reference code.
 */
export function dinoViews(options: MultiCropOptions = {}): readonly DescribedView[] {
  return dinoLike('dinoViews', { ...dinoViewsDefaults, ...checkOptions('dinoViews', options, multiCropOptionNames) });
}

/**
 * iBOT's views: DINO's with other crops. The masks of the global views are {@link blockPatchMask}'s.
 *
 * @returns two global views `[h, w, 3] -> [size, size, 3]`, then the local ones of `localSize`
 * @throws InvalidOptionError
 * Source: Zhou et al. 2021, arXiv 2111.07832, section 4; `DataAugmentationiBOT` in its reference code.
 */
export function ibotViews(options: MultiCropOptions = {}): readonly DescribedView[] {
  return dinoLike('ibotViews', { ...ibotViewsDefaults, ...checkOptions('ibotViews', options, multiCropOptionNames) });
}

function dinoLike(where: string, crops: Required<MultiCropOptions>): readonly DescribedView[] {
  const after = (blurred: number, solarized: number): DescribedView =>
    compose(horizontalFlip(), byolDistortion(), boxBlur({ p: blurred }), solarize({ p: solarized }));
  return multiCrop(where, crops, 'bicubic', [after(1, 0), after(0.1, 0.2)], after(0.5, 0));
}
