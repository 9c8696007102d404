import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { centerCrop } from './center-crop.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { resizeShortSide } from './resize-short-side.js';
import type { DescribedView } from './view.js';

export interface SupervisedViewsOptions {
  /** Output side, pixels. */
  readonly size?: number;
}

const supervisedViewsOptionNames: OptionNames<SupervisedViewsOptions> = {
  size: 'optionalNumber',
};

export interface EvaluationViewsOptions extends SupervisedViewsOptions {
  /** Shorter side before the crop, pixels. Default `size` / 0.875, rounded. */
  readonly resize?: number;
}

const evaluationViewsOptionNames: OptionNames<EvaluationViewsOptions> = {
  ...supervisedViewsOptionNames,
  resize: 'optionalNumber',
};

/** Defaults of {@link supervisedViews} and {@link evaluationViews}: ResNet's for ImageNet. */
export const supervisedViewsDefaults = { size: 224 } as const;

/**
 * The view of supervised training on ImageNet, and of linear probes and fine-tuning: crop (0.08 to 1) and flip.
 *
 * @returns one view `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError
 * Source: Szegedy et al. 2014, arXiv 1409.4842, section 6; torchvision's ImageNet reference.
 */
export function supervisedViews(options: SupervisedViewsOptions = {}): readonly [DescribedView] {
  const { size } = {
    ...supervisedViewsDefaults,
    ...checkOptions('supervisedViews', options, supervisedViewsOptionNames),
  };
  return [compose(randomResizedCrop({ size }), horizontalFlip())];
}

/**
 * The view of evaluation on ImageNet, without randomness: shorter side 256, central 224 x 224.
 *
 * @returns one view `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError
 * Source: He et al. 2015, arXiv 1512.03385, section 3.4; torchvision's ImageNet reference.
 */
export function evaluationViews(options: EvaluationViewsOptions = {}): readonly [DescribedView] {
  const { size, resize = Math.round(size / 0.875) } = {
    ...supervisedViewsDefaults,
    ...checkOptions('evaluationViews', options, evaluationViewsOptionNames),
  };
  return [compose(resizeShortSide({ size: resize }), centerCrop({ size }))];
}
