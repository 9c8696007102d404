import { simclrViews } from '@selfsup/ssl-data';
import type { Encoder, MapEncoder } from '@selfsup/ssl-nn';
import { Amdim, type AmdimOptions, amdimSmall } from '../../methods/amdim/amdim.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of AMDIM; see `Amdim`. */
export type AmdimChoices = Omit<AmdimOptions, 'backbone' | 'key' | 'normalize'>;

/** AMDIM on two stages of an encoder that is not its own. */
export const amdim: Recipe<AmdimChoices> = {
  choices: {
    stages: 'optional',
    outDim: 'optionalNumber',
    tanhClip: 'optionalNumber',
    scoreRegularization: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  maps: true,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  preset: () => ({ value: amdimSmall, why: 'amdimSmall, for encoders of few hundred channels' }),
  ...aroundEncoder<AmdimChoices, Amdim>({
    name: 'Amdim',
    // The recipe's encoders have maps.
    make: (options) => new Amdim({ ...options, backbone: options.backbone as Encoder & MapEncoder }),
  }),
};
