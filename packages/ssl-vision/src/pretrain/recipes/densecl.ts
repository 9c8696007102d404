import { mocoV2Views } from '@selfsup/ssl-data';
import type { PooledEncoder } from '../../encoders/last-map.js';
import { DenseCl, type DenseClOptions, denseClSmall } from '../../methods/densecl/densecl.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import { queueRows } from './queue-rows.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of DenseCL; see `DenseCl`. */
export type DenseClChoices = Omit<DenseClOptions, 'backbone' | 'key' | 'normalize'>;

/** DenseCL with queues of no more than half of the pictures. */
export const densecl: Recipe<DenseClChoices> = {
  choices: {
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    temperature: 'optionalNumber',
    lambda: 'optionalNumber',
    queueSize: 'optionalNumber',
    momentum: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  maps: true,
  // One view forth and back, the other forth.
  passes: 4,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('mocoV2Views', mocoV2Views, { size })),
  preset: (facts) => ({
    value: { ...denseClSmall, queueSize: queueRows(facts, denseClSmall.queueSize) },
    why: 'denseClSmall, with queues of no more than half of the pictures',
  }),
  ...aroundEncoder<DenseClChoices, DenseCl>({
    name: 'DenseCl',
    // The recipe's encoders have maps.
    make: (options) => new DenseCl({ ...options, backbone: options.backbone as PooledEncoder }),
  }),
};
