import { byolViews } from '@selfsup/ssl-data';
import { Byol, type ByolOptions, byolSmall } from '../../methods/byol/byol.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of BYOL; see `Byol`. */
export type ByolChoices = Omit<ByolOptions, 'backbone' | 'key' | 'normalize'>;

/** Of the predictor's constant rate to the run's highest. */
const predictorScale = 4;

/**
 * BYOL with heads and momentum for small encoders and short runs; the predictor's rate is high and constant, so that it is
 * near its best at every step, as the paper's section 3.2 supposes. After 1,168 steps on letters (`npm run bench:methods --
 * --methods byol`) kNN was 63.3 % so, 61.3 % with a scale of 1 above, 58.3 % without the groups below.
 */
export const byol: Recipe<ByolChoices> = {
  choices: { hiddenDim: 'optionalNumber', outDim: 'optionalNumber', lastNorm: 'optional', momentum: 'optionalNumber' },
  usualBackbone: convolutionalBackbone,
  // Two views forth and back, and forth through the twin.
  passes: 8,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('byolViews', byolViews, { size, minScale: 0.2 })),
  preset: () => ({ value: byolSmall, why: 'byolSmall, for small encoders and short runs' }),
  ...aroundEncoder<ByolChoices, Byol>({
    name: 'Byol',
    make: (options) => new Byol(options),
    groups: {
      of: (method, learningRate) => method.parameterGroups(predictorScale * learningRate),
      written: (learningRate) => `method.parameterGroups(${predictorScale * learningRate})`,
    },
  }),
};
