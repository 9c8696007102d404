import { barlowTwinsViews } from '@selfsup/ssl-data';
import { BarlowTwins, type BarlowTwinsOptions, barlowTwinsSmall } from '../../methods/barlow-twins/barlow-twins.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of Barlow Twins; see `BarlowTwins`. */
export type BarlowTwinsChoices = Omit<BarlowTwinsOptions, 'backbone' | 'key' | 'normalize'>;

/** Barlow Twins with the head of CIFAR-10 benchmarks. */
export const barlowTwins: Recipe<BarlowTwinsChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    lambda: 'optionalNumber',
    scale: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) =>
    pairViews(facts, (size) => calledViews('barlowTwinsViews', barlowTwinsViews, { size, minScale: 0.2 })),
  preset: () => ({ value: barlowTwinsSmall, why: 'barlowTwinsSmall, for small encoders' }),
  ...aroundEncoder<BarlowTwinsChoices, BarlowTwins>({
    name: 'BarlowTwins',
    make: (options) => new BarlowTwins(options),
  }),
};
