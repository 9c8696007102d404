import { simclrViews } from '@selfsup/ssl-data';
import { SimClr, type SimClrOptions } from '../../methods/simclr/simclr.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of DCL and DCLW; see `SimClr`. */
export type DclChoices = Pick<SimClrOptions, 'temperature' | 'batchNorm'>;

/** SimCLR with a decoupled loss, for small batches. */
const decoupled = (loss: 'dcl' | 'dclw'): Recipe<DclChoices> => ({
  choices: { temperature: 'optionalNumber', batchNorm: 'optional' },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  ...aroundEncoder<DclChoices, SimClr>({
    name: 'SimClr',
    make: (options) => new SimClr({ ...options, loss }),
    fixed: () => ({ loss }),
  }),
});

/** SimCLR whose loss does not have the positive among what it is told from. */
export const dcl = decoupled('dcl');
/** The same, with positives that are far apart weighing more. */
export const dclw = decoupled('dclw');
