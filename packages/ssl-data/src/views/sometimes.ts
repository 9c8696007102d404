import { checkShare } from '@selfsup/ssl-core';
import type { OptionNames } from '@selfsup/ssl-core';
import type { Image } from '../image/image.js';
import { type DescribedView, describedView } from './view.js';

/** Options of a view whose only draw is whether it is applied. */
export interface SometimesOptions {
  /** Probability. Default 0.5. */
  readonly p?: number;
}

/** Names of {@link SometimesOptions}. */
export const sometimesOptionNames: OptionNames<SometimesOptions> = {
  p: 'optionalNumber',
};

/** An operation that needs no numbers, applied with probability `p`. */
export function sometimes<O extends SometimesOptions>(
  kind: string,
  options: O,
  operation: (image: Image) => Image,
): DescribedView<boolean> {
  const { p = 0.5 } = options;
  checkShare(kind, { p });
  return describedView(kind, options, {
    draw: (_height, _width, random) => random.bernoulli(p),
    apply: (image, applied) => (applied ? operation(image) : image),
  });
}
