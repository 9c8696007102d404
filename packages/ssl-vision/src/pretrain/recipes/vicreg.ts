import { vicregViews } from '@selfsup/ssl-data';
import { Vicreg, type VicregOptions, vicregSmall } from '../../methods/vicreg/vicreg.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of VICReg; see `Vicreg`. */
export type VicregChoices = Omit<VicregOptions, 'backbone' | 'key' | 'normalize'>;

/** VICReg with an expander for small encoders. */
export const vicreg: Recipe<VicregChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    lambda: 'optionalNumber',
    mu: 'optionalNumber',
    nu: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('vicregViews', vicregViews, { size, minScale: 0.2 })),
  preset: () => ({ value: vicregSmall, why: 'vicregSmall, for small encoders' }),
  ...aroundEncoder<VicregChoices, Vicreg>({ name: 'Vicreg', make: (options) => new Vicreg(options) }),
};
