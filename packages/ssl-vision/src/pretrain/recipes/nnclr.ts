import { simclrViews } from '@selfsup/ssl-data';
import { Nnclr, type NnclrOptions, nnclrSmall } from '../../methods/nnclr/nnclr.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import { queueRows } from './queue-rows.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of NNCLR; see `Nnclr`. */
export type NnclrChoices = Omit<NnclrOptions, 'backbone' | 'key' | 'normalize'>;

/** NNCLR with heads and a support set for few pictures. */
export const nnclr: Recipe<NnclrChoices> = {
  choices: {
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    predictionDim: 'optionalNumber',
    temperature: 'optionalNumber',
    queueSize: 'optionalNumber',
    negatives: 'optional',
  },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  preset: (facts) => ({
    value: { ...nnclrSmall, queueSize: queueRows(facts, nnclrSmall.queueSize) },
    why: 'nnclrSmall, with a support set of no more than half of the pictures',
  }),
  ...aroundEncoder<NnclrChoices, Nnclr>({ name: 'Nnclr', make: (options) => new Nnclr(options) }),
};
