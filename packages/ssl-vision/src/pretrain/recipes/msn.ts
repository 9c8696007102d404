import type { OptionNames, RandomKey } from '@selfsup/ssl-core';
import { dinoViews } from '@selfsup/ssl-data';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { MsnHead, type MsnHeadOptions } from '../../heads/msn-head.js';
import { maskedSiameseDefaults, type MaskedSiameseOptions } from '../../methods/msn/masked-siamese.js';
import { Msn } from '../../methods/msn/msn.js';
import { Pmsn, type PmsnOptions } from '../../methods/msn/pmsn.js';
import { withHead } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { cropViews } from './crop-views.js';
import type { Recipe } from './recipe.js';
import { teacherMomentum } from './small-dino-head.js';
import { transformerBackbone } from './usual-backbone.js';

/** What may be said of MSN; see `Msn` and `MsnHead`. */
export type MsnChoices = Omit<MaskedSiameseOptions, 'backbone' | 'key' | 'normalize' | 'head'> &
  Omit<MsnHeadOptions, 'key'>;
/** What may be said of PMSN; see `Pmsn` and `MsnHead`. */
export type PmsnChoices = MsnChoices & Pick<PmsnOptions, 'powerLawExponent'>;

const choices: OptionNames<MsnChoices> = {
  prototypes: 'optionalNumber',
  maskRatio: 'optionalNumber',
  temperature: 'optionalNumber',
  sharpenTemperature: 'optionalNumber',
  sinkhornIterations: 'optionalNumber',
  regularizationWeight: 'optionalNumber',
  momentum: 'optionalNumber',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
};

/** Prototypes and widths for small encoders and some tens of classes: the paper's are for ImageNet. */
const small = { prototypes: 256, hiddenDim: 512, outDim: 128 } as const;

/** All but the class: the encoder that is kept is the teacher's, as in the paper. */
const shared: Omit<Recipe<MsnChoices>, 'choices' | 'build' | 'write'> = {
  usualBackbone: transformerBackbone,
  transformers: { options: {} },
  // A view and four quarters forth and back, a view forth through the teacher.
  passes: 7,
  learningRate: 1e-3,
  weightDecay: 0.04,
  clipNorm: 3,
  views: (facts) =>
    cropViews(facts, (sizes) => calledViews('dinoViews', dinoViews, { ...sizes, localScale: [0.1, 0.4] })),
  preset: (facts) => ({
    value: { ...small, momentum: teacherMomentum(facts, maskedSiameseDefaults.momentum) },
    why: 'head and prototypes for small encoders, and a momentum for a run of this length',
  }),
};

type Siamese = Msn | Pmsn;
const around = <C extends MsnChoices>(
  name: string,
  make: (options: C & Pick<PmsnOptions, 'backbone' | 'key' | 'normalize'> & { readonly head: MsnHead }) => Siamese,
): Pick<Recipe<C>, 'build' | 'write'> =>
  withHead<C, MsnHead, Siamese>({
    name,
    // The recipe trains transformers alone.
    make: (options, key: RandomKey) => make({ ...options, key, backbone: options.backbone as VisionTransformer }),
    keyOf: 'prototypes',
    head: {
      name: 'MsnHead',
      options: ['hiddenDim', 'outDim'],
      make: (inDim, options) => new MsnHead(inDim, options),
    },
    kept: { of: ({ modules }) => modules.teacher, written: 'method.modules.teacher' },
  });

/** Masked Siamese networks. */
export const msn: Recipe<MsnChoices> = {
  ...shared,
  choices,
  ...around<MsnChoices>('Msn', (options) => new Msn(options)),
};
/** The same with a power law as prior of the prototypes. */
export const pmsn: Recipe<PmsnChoices> = {
  ...shared,
  choices: { ...choices, powerLawExponent: 'optionalNumber' },
  ...around<PmsnChoices>('Pmsn', (options) => new Pmsn(options)),
};
