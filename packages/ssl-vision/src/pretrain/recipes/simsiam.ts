import { simsiamViews } from '@selfsup/ssl-data';
import { SimSiam, type SimSiamOptions, simSiamSmall } from '../../methods/simsiam/simsiam.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of SimSiam; see `SimSiam`. */
export type SimSiamChoices = Omit<SimSiamOptions, 'backbone' | 'key' | 'normalize'>;

/** SimSiam as on CIFAR-10, the predictor's rate constant. */
export const simsiam: Recipe<SimSiamChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    predictionDim: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simsiamViews', simsiamViews, { size })),
  preset: () => ({ value: simSiamSmall, why: "simSiamSmall, the paper's for CIFAR-10" }),
  ...aroundEncoder<SimSiamChoices, SimSiam>({
    name: 'SimSiam',
    make: (options) => new SimSiam(options),
    groups: {
      of: (method, learningRate) => method.parameterGroups(learningRate),
      written: (learningRate) => `method.parameterGroups(${learningRate})`,
    },
  }),
};
