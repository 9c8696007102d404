import { dinoViews } from '@selfsup/ssl-data';
import { LeJepa, type LeJepaOptions, leJepaSmall } from '../../methods/lejepa/lejepa.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { cropViews } from './crop-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of LeJEPA; see `LeJepa`. */
export type LeJepaChoices = Omit<LeJepaOptions, 'backbone' | 'key' | 'normalize'>;

/** LeJEPA with a head for small encoders; it takes no batch without local views. */
export const lejepa: Recipe<LeJepaChoices> = {
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
  preset: () => ({ value: leJepaSmall, why: 'leJepaSmall, for small encoders' }),
  ...aroundEncoder<LeJepaChoices, LeJepa>({ name: 'LeJepa', make: (options) => new LeJepa(options) }),
};
