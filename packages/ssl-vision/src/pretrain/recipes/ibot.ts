import { ibotViews } from '@selfsup/ssl-data';
import { DinoHead, type DinoHeadOptions } from '../../heads/dino-head.js';
import { Ibot, ibotDefaults, type IbotOptions } from '../../methods/ibot/ibot.js';
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

/** What may be said of iBOT; see `Ibot` and `DinoHead`. */
export type IbotChoices = DistillationNumbers &
  MaskShares &
  Pick<IbotOptions, 'patchWeight'> &
  Omit<DinoHeadOptions, 'key'>;

/** iBOT; the encoder that is kept is the teacher's, as in the paper. */
export const ibot: Recipe<IbotChoices> = {
  choices: {
    ...distillationNumberNames,
    maskedImages: 'optionalNumber',
    maskRatio: 'optional',
    patchWeight: 'optionalNumber',
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
    cropViews(facts, (sizes) => calledViews('ibotViews', ibotViews, { ...sizes, localScale: [0.1, 0.25] })),
  preset: (facts) => ({
    value: {
      ...smallDinoHead,
      momentum: teacherMomentum(facts, ibotDefaults.momentum),
      warmupTeacherEpochs: Math.min(ibotDefaults.warmupTeacherEpochs, Math.ceil(0.3 * facts.epochs)),
    },
    why: 'a head for small encoders, a momentum and a warm-up for a run of this length',
  }),
  ...withHead<IbotChoices, DinoHead, Ibot>({
    name: 'Ibot',
    // The recipe's transformers have what it wants.
    make: (options) => new Ibot({ ...options, backbone: options.backbone as MaskedEncoder }),
    head: {
      name: 'DinoHead',
      options: ['hiddenDim', 'bottleneckDim', 'outDim', 'batchNorm', 'learnMagnitude'],
      make: (inDim, options) => new DinoHead(inDim, options),
    },
    kept: { of: ({ modules }) => modules.teacher, written: 'method.modules.teacher' },
  }),
};
