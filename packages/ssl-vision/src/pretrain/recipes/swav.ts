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

/**
 * SwAV; a queue only in runs that outlast the epoch from which the paper has one: in short ones what it keeps is of another
 * encoder. After 1,168 steps on letters (`npm run bench:methods -- --data letters --methods swav --threads 1 --options '{}'`)
 * kNN was 62.1 % so, and 57.9 % with a queue from the second of four epochs on
 * (`--options '{"methodOptions":{"queueLength":1024,"queueStartEpoch":1}}'`).
 */
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
    const { queueStartEpoch } = swavDefaults;
    const queueLength = epochs > queueStartEpoch ? queueRows(facts, longestQueue) : 0;
    return {
      value: {
        hiddenDim: 512,
        prototypes: Math.max(2, Math.min(mostPrototypes, 2 * batchSize)),
        queueLength,
        // Not before it is full.
        queueStartEpoch: Math.max(queueStartEpoch, Math.ceil(queueLength / batchSize / stepsPerEpoch)),
        freezePrototypesSteps: Math.min(swavDefaults.freezePrototypesSteps, stepsPerEpoch),
      },
      why: 'prototypes for so many pictures, and a queue in runs that are long enough',
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
