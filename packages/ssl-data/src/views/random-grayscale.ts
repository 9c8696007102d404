import { grayscale } from '../image/adjust-color.js';
import { checkProbability, describedView, type View } from './view.js';

export interface RandomGrayscaleOptions {
  /** Probability. Default 0.1. */
  readonly p?: number;
}

/** Grey, with unchanged number of channels, with probability `p`. @returns a view `[h, w, 1 or 3] -> the same shape` @throws InvalidOptionError */
export function randomGrayscale(options: RandomGrayscaleOptions = {}): View {
  const { p = 0.1 } = options;
  checkProbability('randomGrayscale', 'p', p);
  return describedView('randomGrayscale', options, (image, random) => (random.bernoulli(p) ? grayscale(image) : image));
}
