import { vicregViews } from '@selfsup/ssl-data';
import { Frossl, type FrosslOptions, frosslSmall } from '../../methods/frossl/frossl.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of FroSSL; see `Frossl`. */
export type FrosslChoices = Omit<FrosslOptions, 'backbone' | 'key' | 'normalize'>;

/** FroSSL with a narrower head. */
export const frossl: Recipe<FrosslChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    invarianceWeight: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('vicregViews', vicregViews, { size, minScale: 0.2 })),
  preset: () => ({ value: frosslSmall, why: 'frosslSmall, for small encoders' }),
  ...aroundEncoder<FrosslChoices, Frossl>({ name: 'Frossl', make: (options) => new Frossl(options) }),
};
