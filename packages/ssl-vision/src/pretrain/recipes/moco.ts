import { mocoV2Views } from '@selfsup/ssl-data';
import { Moco, type MocoOptions, mocoSmall } from '../../methods/moco/moco.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import { queueRows } from './queue-rows.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of MoCo; see `Moco`. */
export type MocoChoices = Omit<MocoOptions, 'backbone' | 'key' | 'normalize'>;

/** MoCo v2 with the numbers of its authors' run on CIFAR-10. */
export const moco: Recipe<MocoChoices> = {
  choices: {
    head: 'optional',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    temperature: 'optionalNumber',
    queueSize: 'optionalNumber',
    momentum: 'optionalNumber',
    shuffleParts: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // One view forth and back, the other forth.
  passes: 4,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('mocoV2Views', mocoV2Views, { size })),
  preset: (facts) => ({
    value: { ...mocoSmall, queueSize: queueRows(facts, mocoSmall.queueSize) },
    why: 'mocoSmall, with a queue of no more than half of the pictures',
  }),
  ...aroundEncoder<MocoChoices, Moco>({ name: 'Moco', make: (options) => new Moco(options) }),
};
