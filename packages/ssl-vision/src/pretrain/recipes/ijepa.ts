import { maeViews } from '@selfsup/ssl-data';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { IJepa, iJepaDefaults, type IJepaOptions, iJepaSmall } from '../../methods/ijepa/ijepa.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import type { Recipe } from './recipe.js';
import { teacherMomentum } from './small-dino-head.js';
import { transformerBackbone } from './usual-backbone.js';

/** What may be said of I-JEPA; see `IJepa`. */
export type IJepaChoices = Omit<IJepaOptions, 'backbone' | 'key' | 'normalize'>;

/** I-JEPA; the encoder that is kept is the teacher's, as in the paper. */
export const ijepa: Recipe<IJepaChoices> = {
  choices: {
    predictor: 'optional',
    targetCount: 'optionalNumber',
    targetScale: 'optionalNumber',
    targetAspects: 'optional',
    contextScale: 'optionalNumber',
    contextRatio: 'optionalNumber',
    momentum: 'optionalNumber',
  },
  usualBackbone: transformerBackbone,
  // As in the paper, whose features are the mean of the patches.
  transformers: { options: { pool: 'mean', positions: 'sinCos' } },
  // Less than a third of a view forth and back, all of it forth through the teacher.
  passes: 2,
  learningRate: 1e-3,
  weightDecay: 0.05,
  // The paper's crops, and no colours.
  views: ({ imageSize: size }) => calledViews('maeViews', maeViews, { size, minScale: 0.3 }),
  preset: (facts) => ({
    value: { ...iJepaSmall, momentum: teacherMomentum(facts, iJepaDefaults.momentum) },
    why: 'iJepaSmall, for small encoders, with a momentum for a run of this length',
  }),
  ...aroundEncoder<IJepaChoices, IJepa>({
    name: 'IJepa',
    // The recipe trains transformers alone.
    make: (options) => new IJepa({ ...options, backbone: options.backbone as VisionTransformer }),
    kept: { of: ({ modules }) => modules.teacher, written: 'method.modules.teacher' },
  }),
};
