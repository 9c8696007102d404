import { simclrViews } from '@selfsup/ssl-data';
import { SimClrV2, type SimClrV2Options } from '../../methods/simclr-v2/simclr-v2.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of SimCLR v2; see `SimClrV2`. */
export type SimClrV2Choices = Omit<SimClrV2Options, 'backbone' | 'key' | 'normalize'>;

/** SimCLR with a head of three layers; the encoder that is kept is without the head's first one. */
export const simclrV2: Recipe<SimClrV2Choices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    temperature: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  ...aroundEncoder<SimClrV2Choices, SimClrV2>({ name: 'SimClrV2', make: (options) => new SimClrV2(options) }),
};
