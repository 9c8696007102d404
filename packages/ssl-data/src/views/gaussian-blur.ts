import { InvalidOptionError } from 'ssl-tensor/host';
import { blur } from '../image/blur.js';
import { checkRange, describedView, type Range, type View } from './view.js';

export interface GaussianBlurOptions {
  /** Odd, pixels. */
  readonly kernelSize: number;
  /** Standard deviation, pixels, drawn uniformly. Default `[0.1, 2]`. */
  readonly sigma?: Range;
}

/**
 * Gaussian blur of random strength.
 *
 * @returns a view `[h, w, c] -> [h, w, c]`
 * @throws InvalidOptionError
 * Source: torchvision's `GaussianBlur` on PIL images.
 */
export function gaussianBlur(options: GaussianBlurOptions): View {
  const { kernelSize, sigma = [0.1, 2] } = options;
  if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0)
    throw new InvalidOptionError('gaussianBlur', 'kernelSize', 'an odd positive integer', kernelSize);
  checkRange('gaussianBlur', 'sigma', sigma, Number.MIN_VALUE, Number.MAX_VALUE);
  return describedView('gaussianBlur', options, (image, random) =>
    blur(image, kernelSize, random.uniform(sigma[0], sigma[1])),
  );
}
