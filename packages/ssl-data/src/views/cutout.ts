import { checkCount, checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-core';
import { erase } from '../image/erase.js';
import { type DescribedView, describedView } from './view.js';

export interface CutoutOptions {
  /** Side of the square, pixels. */
  readonly size: number;
  /** Value of the square, 0..255, one or one per channel. Default 0. */
  readonly fill?: number | readonly number[];
  /** Probability. Default 1. */
  readonly p?: number;
}

const cutoutOptionNames: OptionNames<CutoutOptions> = {
  size: 'requiredNumber',
  fill: 'optional',
  p: 'optionalNumber',
};

/** One draw of {@link cutout}: the square's upper left corner, which may lie outside; `null` for an image that stays. */
export type CutoutParameters = { readonly top: number; readonly left: number } | null;

/**
 * Fills a square whose centre is uniform over the image; what of it lies outside is cut off.
 *
 * @returns a view `[h, w, c] -> [h, w, c]`
 * @throws InvalidOptionError
 * Source: DeVries and Taylor 2017, arXiv 1708.04552, section 3.2.
 */
export function cutout(options: CutoutOptions): DescribedView<CutoutParameters> {
  checkOptions('cutout', options, cutoutOptionNames);
  const { size, fill = 0, p = 1 } = options;
  checkCount('cutout', { size });
  checkShare('cutout', { p });
  const half = Math.floor(size / 2);
  return describedView<CutoutParameters>('cutout', options, {
    draw: (height, width, random) =>
      random.bernoulli(p) ? { top: random.integer(height) - half, left: random.integer(width) - half } : null,
    apply: (image, corner) => (corner === null ? image : erase(image, { ...corner, height: size, width: size }, fill)),
  });
}
