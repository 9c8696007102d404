import { checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-core';
import { flipHorizontally, flipVertically } from '../image/flip.js';
import { wholeEdges } from './edges.js';
import { type DescribedView, describedView } from './view.js';

export interface FlipOptions {
  /** Probability. Default 0.5. */
  readonly p?: number;
}

const flipOptionNames: OptionNames<FlipOptions> = {
  p: 'optionalNumber',
};

/** Mirrors left to right with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError */
export function horizontalFlip(options: FlipOptions = {}): DescribedView<boolean> {
  checkOptions('horizontalFlip', options, flipOptionNames);
  const { p = 0.5 } = options;
  checkShare('horizontalFlip', { p });
  return describedView('horizontalFlip', options, {
    draw: (_height, _width, random) => random.bernoulli(p),
    apply: (image, flipped) => (flipped ? flipHorizontally(image) : image),
    edges: (_height, _width, flipped) => (flipped ? { ...wholeEdges, left: 1, right: 0 } : wholeEdges),
  });
}

/** Mirrors top to bottom with probability `p`. @returns a view `[h, w, c] -> [h, w, c]` @throws InvalidOptionError */
export function verticalFlip(options: FlipOptions = {}): DescribedView<boolean> {
  checkOptions('verticalFlip', options, flipOptionNames);
  const { p = 0.5 } = options;
  checkShare('verticalFlip', { p });
  return describedView('verticalFlip', options, {
    draw: (_height, _width, random) => random.bernoulli(p),
    apply: (image, flipped) => (flipped ? flipVertically(image) : image),
    edges: (_height, _width, flipped) => (flipped ? { ...wholeEdges, top: 1, bottom: 0 } : wholeEdges),
  });
}
