import { maeViews } from '@selfsup/ssl-data';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { SimMim, simMimDefaults, type SimMimOptions } from '../../methods/simmim/simmim.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import type { Recipe } from './recipe.js';
import { transformerBackbone } from './usual-backbone.js';

/** What may be said of SimMIM; see `SimMim`. */
export type SimMimChoices = Omit<SimMimOptions, 'backbone' | 'key' | 'normalize'>;

/** SimMIM; rates and clipping are those of its code, crops are not as small as MAE's. */
export const simmim: Recipe<SimMimChoices> = {
  choices: { maskRatio: 'optionalNumber', maskUnit: 'optionalNumber' },
  usualBackbone: transformerBackbone,
  // Its class token is not in its loss: the mean over the patches is the better feature.
  transformers: { options: { maskToken: true, pool: 'mean' } },
  // One view, forth and twice as much back.
  passes: 3,
  learningRate: 1e-3,
  weightDecay: 0.05,
  clipNorm: 5,
  views: ({ imageSize: size }) => calledViews('maeViews', maeViews, { size, minScale: 0.67 }),
  preset: ({ imageSize, patchSize = 1 }) => ({
    value: { maskUnit: (imageSize / patchSize) % simMimDefaults.maskUnit === 0 ? simMimDefaults.maskUnit : 1 },
    why: `squares that divide the patches of ${imageSize} pixels`,
  }),
  ...aroundEncoder<SimMimChoices, SimMim>({
    name: 'SimMim',
    // The recipe's transformers have what it wants.
    make: (options) => new SimMim({ ...options, backbone: options.backbone as VisionTransformer }),
  }),
};
