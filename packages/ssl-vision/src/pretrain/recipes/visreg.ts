import { dinoViews } from '@selfsup/ssl-data';
import { VisReg, type VisRegOptions, visRegSmall } from '../../methods/visreg/visreg.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { cropViews } from './crop-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of VISReg; see `VisReg`. */
export type VisRegChoices = Omit<VisRegOptions, 'backbone' | 'key' | 'normalize'>;

/** VISReg with a head for small encoders; it takes no batch without local views. */
export const visreg: Recipe<VisRegChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    lambda: 'optionalNumber',
    directions: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views and four quarters, forth and back.
  passes: 9,
  learningRate: 1e-3,
  weightDecay: 0.05,
  views: (facts) =>
    cropViews(facts, (sizes) => calledViews('dinoViews', dinoViews, { ...sizes, localScale: [0.1, 0.4] }), 'needed'),
  preset: () => ({ value: visRegSmall, why: 'visRegSmall, for small data sets' }),
  ...aroundEncoder<VisRegChoices, VisReg>({ name: 'VisReg', make: (options) => new VisReg(options) }),
};
