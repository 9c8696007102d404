import { dinoViews } from '@selfsup/ssl-data';
import { DinoHead, type DinoHeadOptions } from '../../heads/dino-head.js';
import { Dino } from '../../methods/dino/dino.js';
import {
  type DistillationNumbers,
  distillationNumberNames,
} from '../../methods/self-distillation/distillation-numbers.js';
import { withHead } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { cropViews } from './crop-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of DINO; see `Dino` and `DinoHead`. */
export type DinoChoices = DistillationNumbers & Omit<DinoHeadOptions, 'key'>;

/** Prototypes and widths for small encoders: the paper's are for ImageNet. */
const smallHead = { hiddenDim: 512, bottleneckDim: 128, outDim: 1024 } as const;
/** Steps from which on a run has the paper's momentum; a teacher that slow would not leave its start in fewer. */
const longRun = 20_000;

/** DINO; the encoder that is kept is the teacher's, as in the paper. */
export const dino: Recipe<DinoChoices> = {
  choices: {
    ...distillationNumberNames,
    hiddenDim: 'optionalNumber',
    bottleneckDim: 'optionalNumber',
    outDim: 'optionalNumber',
    learnMagnitude: 'optionalFlag',
  },
  usualBackbone: convolutionalBackbone,
  // Two views and four quarters forth and back, two forth through the teacher.
  passes: 11,
  learningRate: 1e-3,
  weightDecay: 0.04,
  clipNorm: 3,
  views: (facts) =>
    cropViews(facts, (sizes) => calledViews('dinoViews', dinoViews, { ...sizes, localScale: [0.1, 0.4] })),
  preset: ({ epochs, stepsPerEpoch }) => ({
    value: { ...smallHead, momentum: epochs * stepsPerEpoch < longRun ? 0.99 : 0.996 },
    why: 'a head for small encoders, and a momentum for a run of this length',
  }),
  ...withHead<DinoChoices, DinoHead, Dino>({
    name: 'Dino',
    make: (options) => new Dino(options),
    head: {
      name: 'DinoHead',
      options: ['hiddenDim', 'bottleneckDim', 'outDim', 'learnMagnitude'],
      make: (inDim, options) => new DinoHead(inDim, options),
    },
    kept: { of: ({ modules }) => modules.teacher, written: 'method.modules.teacher' },
  }),
};
