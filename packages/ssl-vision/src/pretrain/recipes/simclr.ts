import { simclrViews } from '@selfsup/ssl-data';
import { SimClr, type SimClrOptions } from '../../methods/simclr/simclr.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of SimCLR; see `SimClr`. */
export type SimClrChoices = Pick<SimClrOptions, 'temperature' | 'batchNorm' | 'loss'>;

/** SimCLR: its defaults do at small sizes. */
export const simclr: Recipe<SimClrChoices> = {
  choices: { temperature: 'optionalNumber', batchNorm: 'optional', loss: 'optional' },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  ...aroundEncoder<SimClrChoices, SimClr>({ name: 'SimClr', make: (options) => new SimClr(options) }),
};
