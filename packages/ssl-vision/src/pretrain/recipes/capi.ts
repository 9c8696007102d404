import { maeViews } from '@selfsup/ssl-data';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { Capi, capiDefaults, type CapiOptions, capiSmall } from '../../methods/capi/capi.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import type { Recipe } from './recipe.js';
import { teacherMomentum } from './small-dino-head.js';
import { transformerBackbone } from './usual-backbone.js';

/** What may be said of CAPI; see `Capi`. */
export type CapiChoices = Omit<CapiOptions, 'backbone' | 'key' | 'normalize'>;

/** CAPI with no more clusters than a batch has pictures; the encoder that is kept is the teacher's, as in the paper. */
export const capi: Recipe<CapiChoices> = {
  choices: {
    predictor: 'optional',
    clusters: 'optionalNumber',
    maskRatio: 'optionalNumber',
    predictedShare: 'optionalNumber',
    teacherTemperature: 'optionalNumber',
    studentTemperature: 'optionalNumber',
    sinkhornIterations: 'optionalNumber',
    momentum: 'optionalNumber',
  },
  usualBackbone: transformerBackbone,
  // Features of patches are in its loss, the class token's are not.
  transformers: { options: { pool: 'mean' } },
  // A third of a view forth and back, all of it forth through the teacher.
  passes: 2,
  learningRate: 1e-3,
  weightDecay: 0.1,
  // The paper's crops, and no colours.
  views: ({ imageSize: size }) => calledViews('maeViews', maeViews, { size, minScale: 0.6 }),
  preset: (facts) => ({
    value: {
      ...capiSmall,
      clusters: Math.min(capiSmall.clusters, facts.batchSize),
      momentum: teacherMomentum(facts, capiDefaults.momentum),
    },
    why: 'capiSmall, with no more clusters than a batch has pictures, and a momentum for a run of this length',
  }),
  ...aroundEncoder<CapiChoices, Capi>({
    name: 'Capi',
    // The recipe trains transformers alone.
    make: (options) => new Capi({ ...options, backbone: options.backbone as VisionTransformer }),
    kept: { of: ({ modules }) => modules.teacher, written: 'method.modules.teacher' },
    groups: { of: (method) => method.parameterGroups(), written: () => 'method.parameterGroups()' },
  }),
};
