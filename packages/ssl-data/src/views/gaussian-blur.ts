import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { blur } from '../image/blur.js';
import { checkRange, type DescribedView, describedView, type Range } from './view.js';

export interface GaussianBlurOptions {
  /** Odd, pixels. */
  readonly kernelSize: number;
  /** Standard deviation, pixels, drawn uniformly. Default `[0.1, 2]`. */
  readonly sigma?: Range;
}

const gaussianBlurOptionNames: OptionNames<GaussianBlurOptions> = {
  kernelSize: 'requiredNumber',
  sigma: 'optional',
};

/** The kernel of SimCLR and BYOL: a tenth of the side, odd, at least 3; 23 for 224 pixels. */
export function tenthKernel(size: number): number {
  return Math.max(3, Math.floor(size / 20) * 2 + 1);
}

/**
 * Gaussian blur of random strength.
 *
 * @returns a view `[h, w, c] -> [h, w, c]`
 * @throws InvalidOptionError
 * Source: torchvision's `GaussianBlur` on PIL images.
 */
export function gaussianBlur(options: GaussianBlurOptions): DescribedView<number> {
  checkOptions('gaussianBlur', options, gaussianBlurOptionNames);
  const { kernelSize, sigma = [0.1, 2] } = options;
  if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0)
    throw new InvalidOptionError('gaussianBlur', 'kernelSize', 'an odd positive integer', kernelSize);
  checkRange('gaussianBlur', 'sigma', sigma, Number.MIN_VALUE, Number.MAX_VALUE);
  return describedView('gaussianBlur', options, {
    draw: (_height, _width, random) => random.uniform(sigma[0], sigma[1]),
    apply: (image, drawn) => blur(image, kernelSize, drawn),
  });
}
