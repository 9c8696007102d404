import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { gaussianBlur, tenthKernel } from './gaussian-blur.js';
import { twoViews } from './multi-views.js';
import { randomApply } from './random-apply.js';
import { randomGrayscale } from './random-grayscale.js';
import { randomResizedCrop } from './random-resized-crop.js';
import type { DescribedView } from './view.js';

export interface SimclrViewsOptions {
  /** Output side, pixels. */
  readonly size?: number;
  /** Strength `s` of the colour changes; the paper has 1 for ImageNet and 0.5 for CIFAR-10. */
  readonly strength?: number;
  /** Least part of the area that a crop keeps. */
  readonly minScale?: number;
  /** The paper has 0 for CIFAR-10. */
  readonly blurProbability?: number;
  readonly flipProbability?: number;
}

const simclrViewsOptionNames: OptionNames<SimclrViewsOptions> = {
  size: 'optionalNumber',
  strength: 'optionalNumber',
  minScale: 'optionalNumber',
  blurProbability: 'optionalNumber',
  flipProbability: 'optionalNumber',
};

/** Defaults of {@link simclrViews}: SimCLR (arXiv 2002.05709), appendix A, for ImageNet. */
export const simclrViewsDefaults = {
  size: 224,
  strength: 1,
  minScale: 0.08,
  blurProbability: 0.5,
  flipProbability: 0.5,
} as const;

/**
 * SimCLR's two views of colour images: random resized crop, flip, colour jitter (0.8 s, 0.8 s, 0.8 s, 0.2 s; with
 * probability 0.8), grey (0.2), blur (kernel a tenth of the side, sigma 0.1 to 2).
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`
 * @throws InvalidOptionError
 * Source: Chen et al. 2020, arXiv 2002.05709, appendix A.
 */
export function simclrViews(options: SimclrViewsOptions = {}): readonly [DescribedView, DescribedView] {
  const { size, strength, minScale, blurProbability, flipProbability } = {
    ...simclrViewsDefaults,
    ...checkOptions('simclrViews', options, simclrViewsOptionNames),
  };
  const jitter = colorJitter({
    brightness: 0.8 * strength,
    contrast: 0.8 * strength,
    saturation: 0.8 * strength,
    hue: 0.2 * strength,
  });
  return twoViews(
    compose(
      randomResizedCrop({ size, scale: [minScale, 1] }),
      horizontalFlip({ p: flipProbability }),
      randomApply(jitter, 0.8),
      randomGrayscale({ p: 0.2 }),
      randomApply(gaussianBlur({ kernelSize: tenthKernel(size), sigma: [0.1, 2] }), blurProbability),
    ),
  );
}
