import { dinoViews } from '@selfsup/ssl-data';
import { DinoHead, type DinoHeadOptions } from '../../heads/dino-head.js';
import { Dino, dinoDefaults, type DinoOptions } from '../../methods/dino/dino.js';
import {
  type DistillationNumbers,
  distillationNumberNames,
} from '../../methods/self-distillation/distillation-numbers.js';
import { withHead } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { cropViews } from './crop-views.js';
import type { Recipe } from './recipe.js';
import { smallDinoHead, teacherMomentum } from './small-dino-head.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of DINO; see `Dino` and `DinoHead`. */
export type DinoChoices = DistillationNumbers & Pick<DinoOptions, 'centering'> & Omit<DinoHeadOptions, 'key'>;

/** Epochs below which one of frozen prototypes is too much of a run. */
const shortRun = 10;

/**
 * DINO with outputs balanced over the batch and batch normalisation in the head; the encoder that is kept is the teacher's, as
 * in the paper. After 1,168 steps on letters (`npm run bench:methods -- --methods dino --threads 1`) kNN was 58.6 % so, 51.1 %
 * without batch normalisation (`--options '{"methodOptions":{"batchNorm":false}}'`).
 */
export const dino: Recipe<DinoChoices> = {
  choices: {
    ...distillationNumberNames,
    centering: 'optional',
    hiddenDim: 'optionalNumber',
    bottleneckDim: 'optionalNumber',
    outDim: 'optionalNumber',
    batchNorm: 'optionalFlag',
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
  preset: (facts) => ({
    value: {
      ...smallDinoHead,
      batchNorm: true,
      momentum: teacherMomentum(facts, dinoDefaults.momentum),
      centering: 'sinkhorn',
      freezeLastLayerEpochs: facts.epochs < shortRun ? 0 : dinoDefaults.freezeLastLayerEpochs,
    },
    why: 'a head for small encoders, balanced outputs, and a momentum for a run of this length',
  }),
  ...withHead<DinoChoices, DinoHead, Dino>({
    name: 'Dino',
    make: (options) => new Dino(options),
    head: {
      name: 'DinoHead',
      options: ['hiddenDim', 'bottleneckDim', 'outDim', 'batchNorm', 'learnMagnitude'],
      make: (inDim, options) => new DinoHead(inDim, options),
    },
    kept: { of: ({ modules }) => modules.teacher, written: 'method.modules.teacher' },
  }),
};
