import { swavViews } from '@selfsup/ssl-data';
import { SwavHead, type SwavHeadOptions } from '../../heads/swav-head.js';
import { Swav, swavDefaults, type SwavOptions } from '../../methods/swav/swav.js';
import { withHead } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { cropViews } from './crop-views.js';
import { queueRows } from './queue-rows.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

type SwavNumbers =
  | 'temperature'
  | 'epsilon'
  | 'sinkhornIterations'
  | 'queueLength'
  | 'queueStartEpoch'
  | 'freezePrototypesSteps';
/** What may be said of SwAV; see `Swav` and `SwavHead`. */
export type SwavChoices = Pick<SwavOptions, SwavNumbers> & Omit<SwavHeadOptions, 'key'>;

/** Rows that the queue has at most, and prototypes. */
const [longestQueue, mostPrototypes] = [1024, 128];

/** SwAV; batch and queue have some rows for each prototype. */
export const swav: Recipe<SwavChoices> = {
  choices: {
    temperature: 'optionalNumber',
    epsilon: 'optionalNumber',
    sinkhornIterations: 'optionalNumber',
    queueLength: 'optionalNumber',
    queueStartEpoch: 'optionalNumber',
    freezePrototypesSteps: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    prototypes: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views and four quarters, forth and back.
  passes: 9,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) =>
    cropViews(facts, (sizes) =>
      calledViews('swavViews', swavViews, { ...sizes, globalScale: [0.3, 1], localScale: [0.1, 0.3] }),
    ),
  preset: (facts) => {
    const { batchSize, epochs, stepsPerEpoch } = facts;
    const queueLength = queueRows(facts, longestQueue);
    // Not before it is full.
    const full = Math.ceil(queueLength / batchSize / stepsPerEpoch);
    return {
      value: {
        hiddenDim: 512,
        prototypes: Math.max(2, Math.min(mostPrototypes, Math.floor((queueLength + batchSize) / 4))),
        queueLength,
        queueStartEpoch: Math.max(full, Math.ceil(epochs / 10)),
        freezePrototypesSteps: Math.min(swavDefaults.freezePrototypesSteps, stepsPerEpoch),
      },
      why: 'prototypes and a queue for so many pictures, the queue from a tenth of the run on',
    };
  },
  ...withHead<SwavChoices, SwavHead, Swav>({
    name: 'Swav',
    make: (options) => new Swav(options),
    head: {
      name: 'SwavHead',
      options: ['hiddenDim', 'outDim', 'prototypes'],
      make: (inDim, options) => new SwavHead(inDim, options),
    },
  }),
};
