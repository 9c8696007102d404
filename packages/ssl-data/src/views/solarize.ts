import { solarizeAbove } from '../image/adjust-color.js';
import { checkProbability, checkRange, describedView, type View } from './view.js';

export interface SolarizeOptions {
  /** Values at or above it are inverted, 0..256. Default 128. */
  readonly threshold?: number;
  /** Probability. Default 1. */
  readonly p?: number;
}

/** Inverts bright values with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError. Source: BYOL, arXiv 2006.07733, appendix B. */
export function solarize(options: SolarizeOptions = {}): View {
  const { threshold = 128, p = 1 } = options;
  checkProbability('solarize', 'p', p);
  checkRange('solarize', 'threshold', [threshold, threshold], 0, 256);
  return describedView('solarize', options, (image, random) =>
    random.bernoulli(p) ? solarizeAbove(image, threshold) : image,
  );
}
