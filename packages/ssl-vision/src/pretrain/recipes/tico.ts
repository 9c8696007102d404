import { byolViews } from '@selfsup/ssl-data';
import { TiCo, type TiCoOptions, tiCoSmall } from '../../methods/tico/tico.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of TiCo; see `TiCo`. */
export type TiCoChoices = Omit<TiCoOptions, 'backbone' | 'key' | 'normalize'>;

/** TiCo with a narrower head and a twin that moves in short runs. */
export const tico: Recipe<TiCoChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    beta: 'optionalNumber',
    rho: 'optionalNumber',
    momentum: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // One view forth and back, the other forth through the twin.
  passes: 4,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('byolViews', byolViews, { size, minScale: 0.2 })),
  preset: () => ({ value: tiCoSmall, why: 'tiCoSmall, for small encoders and short runs' }),
  ...aroundEncoder<TiCoChoices, TiCo>({ name: 'TiCo', make: (options) => new TiCo(options) }),
};
