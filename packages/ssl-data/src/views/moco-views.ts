import { checkOptions } from '@selfsup/ssl-core';
import { boxBlur } from './box-blur.js';
import { byolDistortion } from './byol-distortion.js';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { twoViews } from './multi-views.js';
import { randomApply } from './random-apply.js';
import { randomGrayscale } from './random-grayscale.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { solarize } from './solarize.js';
import type { DescribedView } from './view.js';
import { viewPairOptionNames, type ViewPairOptions } from './view-pair-options.js';

/** Defaults of {@link mocoV1Views} and {@link mocoV2Views}: MoCo's reference code. */
export const mocoViewsDefaults = { size: 224, minScale: 0.2 } as const;

/** Defaults of {@link mocoV3Views}: MoCo v3 (arXiv 2104.02057), as `--crop-min` in its reference code. */
export const mocoV3ViewsDefaults = { size: 224, minScale: 0.08 } as const;

/**
 * MoCo's two views: crop, grey (0.2), colour jitter (0.4 each, always), flip.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`
 * @throws InvalidOptionError
 * Source: He et al. 2019, arXiv 1911.05722, section 3.3; its reference code without `--aug-plus`.
 */
export function mocoV1Views(options: ViewPairOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, minScale } = { ...mocoViewsDefaults, ...checkOptions('mocoV1Views', options, viewPairOptionNames) };
  return twoViews(
    compose(
      randomResizedCrop({ size, scale: [minScale, 1] }),
      randomGrayscale({ p: 0.2 }),
      colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4 }),
      horizontalFlip(),
    ),
  );
}

/**
 * MoCo v2's two views: crop, colour jitter (0.4, 0.4, 0.4, 0.1; with probability 0.8), grey (0.2), blur (0.5), flip.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`
 * @throws InvalidOptionError
 * Source: Chen et al. 2020, arXiv 2003.04297, section 3; MoCo's reference code with `--aug-plus`.
 */
export function mocoV2Views(options: ViewPairOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, minScale } = { ...mocoViewsDefaults, ...checkOptions('mocoV2Views', options, viewPairOptionNames) };
  return twoViews(
    compose(
      randomResizedCrop({ size, scale: [minScale, 1] }),
      randomApply(colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }), 0.8),
      randomGrayscale({ p: 0.2 }),
      boxBlur({ p: 0.5 }),
      horizontalFlip(),
    ),
  );
}

/**
 * MoCo v3's two views: crop, BYOL's colour changes, blur (1 and 0.1), solarisation (0 and 0.2), flip.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`, not alike
 * @throws InvalidOptionError
 * Source: Chen et al. 2021, arXiv 2104.02057; its reference code.
 */
export function mocoV3Views(options: ViewPairOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, minScale } = { ...mocoV3ViewsDefaults, ...checkOptions('mocoV3Views', options, viewPairOptionNames) };
  const view = (blurred: number, solarized: number): DescribedView =>
    compose(
      randomResizedCrop({ size, scale: [minScale, 1] }),
      byolDistortion(),
      boxBlur({ p: blurred }),
      solarize({ p: solarized }),
      horizontalFlip(),
    );
  return [view(1, 0), view(0.1, 0.2)];
}
