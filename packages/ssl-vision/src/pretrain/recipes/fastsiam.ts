import { simsiamViews } from '@selfsup/ssl-data';
import { FastSiam, fastSiamDefaults, type FastSiamOptions, fastSiamSmall } from '../../methods/fastsiam/fastsiam.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { ChosenViews, Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of FastSiam; see `FastSiam`. Its targets are the recipe's, whose views are one more. */
export type FastSiamChoices = Omit<FastSiamOptions, 'backbone' | 'key' | 'normalize' | 'targets'>;

const { targets } = fastSiamDefaults;

/** As many views as there are targets and one more, by pairs. */
function repeated({ views, call }: ChosenViews): ChosenViews {
  const times = (targets + 1) / 2;
  const all = Array.from({ length: times }, () => views).flat();
  return { views: all, ...(call === undefined ? {} : { call: { ...call, times } }) };
}

/** FastSiam with SimSiam's heads for CIFAR-10, the predictor's rate constant. */
export const fastsiam: Recipe<FastSiamChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    predictionDim: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Four views, forth and twice as much back.
  passes: 12,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => repeated(pairViews(facts, (size) => calledViews('simsiamViews', simsiamViews, { size }))),
  preset: () => {
    const { targets: _, ...heads } = fastSiamSmall;
    return { value: heads, why: "fastSiamSmall, SimSiam's heads for CIFAR-10" };
  },
  ...aroundEncoder<FastSiamChoices, FastSiam, Pick<FastSiamOptions, 'targets'>>({
    name: 'FastSiam',
    make: (options) => new FastSiam(options),
    fixed: () => ({ targets }),
    groups: {
      of: (method, learningRate) => method.parameterGroups(learningRate),
      written: (learningRate) => `method.parameterGroups(${learningRate})`,
    },
  }),
};
