import { mocoV3Views } from '@selfsup/ssl-data';
import { MocoV3, type MocoV3Options, mocoV3Small } from '../../methods/moco-v3/moco-v3.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of MoCo v3; see `MocoV3`. */
export type MocoV3Choices = Omit<MocoV3Options, 'backbone' | 'key' | 'normalize'>;

/** MoCo v3; with a convolutional encoder the paper's two layers of the projection. */
export const mocoV3: Recipe<MocoV3Choices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    temperature: 'optionalNumber',
    momentum: 'optionalNumber',
    freezePatches: 'optionalFlag',
  },
  usualBackbone: convolutionalBackbone,
  // Two views forth and back, and forth through the twin.
  passes: 8,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('mocoV3Views', mocoV3Views, { size, minScale: 0.2 })),
  preset: ({ backbone }) => ({
    value: { ...mocoV3Small, depth: backbone.startsWith('vit') ? 3 : 2 },
    why: 'mocoV3Small, and as many layers as the paper has for such an encoder',
  }),
  ...aroundEncoder<MocoV3Choices, MocoV3>({ name: 'MocoV3', make: (options) => new MocoV3(options) }),
};
