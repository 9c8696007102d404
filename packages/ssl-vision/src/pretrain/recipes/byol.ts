import { byolViews } from '@selfsup/ssl-data';
import { Byol, type ByolOptions, byolSmall } from '../../methods/byol/byol.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of BYOL; see `Byol`. */
export type ByolChoices = Omit<ByolOptions, 'backbone' | 'key' | 'normalize'>;

/** BYOL with heads and momentum for small encoders and short runs. */
export const byol: Recipe<ByolChoices> = {
  choices: { hiddenDim: 'optionalNumber', outDim: 'optionalNumber', momentum: 'optionalNumber' },
  usualBackbone: convolutionalBackbone,
  // Two views forth and back, and forth through the twin.
  passes: 8,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('byolViews', byolViews, { size, minScale: 0.2 })),
  preset: () => ({ value: byolSmall, why: 'byolSmall, for small encoders and short runs' }),
  ...aroundEncoder<ByolChoices, Byol>({ name: 'Byol', make: (options) => new Byol(options) }),
};
