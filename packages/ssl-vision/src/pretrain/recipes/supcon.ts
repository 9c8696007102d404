import { simclrViews } from '@selfsup/ssl-data';
import { SupCon, type SupConOptions } from '../../methods/supcon/supcon.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of SupCon; see `SupCon`. */
export type SupConChoices = Omit<SupConOptions, 'backbone' | 'key' | 'normalize'>;

/** SupCon, the one method that learns from classes: its head is as wide as the features, so its defaults do. */
export const supcon: Recipe<SupConChoices> = {
  choices: {
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    temperature: 'optionalNumber',
    baseTemperature: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  classes: true,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  ...aroundEncoder<SupConChoices, SupCon>({ name: 'SupCon', make: (options) => new SupCon(options) }),
};
