import { dinov2Views } from '@selfsup/ssl-data';
import { DinoHead, type DinoHeadOptions } from '../../heads/dino-head.js';
import { DinoV2, dinoV2Defaults, type DinoV2Options } from '../../methods/dinov2/dinov2.js';
import type { MaskShares } from '../../methods/self-distillation/block-masks.js';
import {
  type DistillationNumbers,
  distillationNumberNames,
} from '../../methods/self-distillation/distillation-numbers.js';
import type { MaskedEncoder } from '../../methods/self-distillation/token-distillation.js';
import { withHead } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { cropViews } from './crop-views.js';
import type { Recipe } from './recipe.js';
import { smallDinoHead, teacherMomentum } from './small-dino-head.js';
import { transformerBackbone } from './usual-backbone.js';

/** What may be said of DINOv2; see `DinoV2` and `DinoHead`. */
export type DinoV2Choices = DistillationNumbers &
  MaskShares &
  Pick<DinoV2Options, 'centering' | 'classWeight' | 'patchWeight' | 'koleoWeight'> &
  Omit<DinoHeadOptions, 'key'>;

/** DINOv2's losses; the encoder that is kept is the teacher's, as in the paper. */
export const dinov2: Recipe<DinoV2Choices> = {
  choices: {
    ...distillationNumberNames,
    maskedImages: 'optionalNumber',
    maskRatio: 'optional',
    centering: 'optional',
    classWeight: 'optionalNumber',
    patchWeight: 'optionalNumber',
    koleoWeight: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    bottleneckDim: 'optionalNumber',
    outDim: 'optionalNumber',
    batchNorm: 'optionalFlag',
    learnMagnitude: 'optionalFlag',
  },
  usualBackbone: transformerBackbone,
  transformers: { options: { maskToken: true } },
  // Two views and four quarters forth and back, two forth through the teacher.
  passes: 11,
  learningRate: 1e-3,
  weightDecay: 0.04,
  clipNorm: 3,
  views: (facts) =>
    cropViews(facts, (sizes) => calledViews('dinov2Views', dinov2Views, { ...sizes, localScale: [0.1, 0.32] })),
  preset: (facts) => ({
    value: {
      ...smallDinoHead,
      momentum: teacherMomentum(facts, dinoV2Defaults.momentum),
      warmupTeacherEpochs: Math.min(dinoV2Defaults.warmupTeacherEpochs, Math.ceil(0.3 * facts.epochs)),
    },
    why: 'a head for small encoders, a momentum and a warm-up for a run of this length',
  }),
  ...withHead<DinoV2Choices, DinoHead, DinoV2>({
    name: 'DinoV2',
    // The recipe's transformers have what it wants.
    make: (options) => new DinoV2({ ...options, backbone: options.backbone as MaskedEncoder }),
    head: {
      name: 'DinoHead',
      options: ['hiddenDim', 'bottleneckDim', 'outDim', 'batchNorm', 'learnMagnitude'],
      make: (inDim, options) => new DinoHead(inDim, options),
    },
    kept: { of: ({ modules }) => modules.teacher, written: 'method.modules.teacher' },
  }),
};
