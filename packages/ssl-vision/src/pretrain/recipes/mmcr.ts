import { byolViews } from '@selfsup/ssl-data';
import { Mmcr, type MmcrOptions, mmcrSmall } from '../../methods/mmcr/mmcr.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of MMCR; see `Mmcr`. */
export type MmcrChoices = Omit<MmcrOptions, 'backbone' | 'key' | 'normalize'>;

/** MMCR with a head for small encoders and a twin that moves in short runs. */
export const mmcr: Recipe<MmcrChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    lambda: 'optionalNumber',
    momentum: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views forth and back, and forth through the twin.
  passes: 8,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('byolViews', byolViews, { size, minScale: 0.2 })),
  preset: () => ({ value: mmcrSmall, why: 'mmcrSmall, for small encoders and short runs' }),
  ...aroundEncoder<MmcrChoices, Mmcr>({ name: 'Mmcr', make: (options) => new Mmcr(options) }),
};
