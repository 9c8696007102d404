import { simclrViews } from '@selfsup/ssl-data';
import { Smog, smogDefaults, type SmogOptions, smogSmall } from '../../methods/smog/smog.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import { queueRows } from './queue-rows.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of SMoG; see `Smog`. */
export type SmogChoices = Omit<SmogOptions, 'backbone' | 'key' | 'normalize'>;

/** SMoG; the queue has some rows for each group, and is full before groups are found anew. */
export const smog: Recipe<SmogChoices> = {
  choices: {
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    groups: 'optionalNumber',
    beta: 'optionalNumber',
    temperature: 'optionalNumber',
    momentum: 'optionalNumber',
    relocateEvery: 'optionalNumber',
    queueSize: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // One view forth and back, the other forth through the twin.
  passes: 4,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  preset: (facts) => {
    const full = smogDefaults.relocateEvery * facts.batchSize;
    const queueSize = queueRows(facts, Math.min(smogSmall.queueSize, full));
    const groups = Math.max(1, Math.min(smogSmall.groups, Math.floor(queueSize / 4)));
    return {
      value: { ...smogSmall, queueSize, groups },
      why: 'smogSmall, with a queue of no more than half of the pictures and some rows for each group',
    };
  },
  ...aroundEncoder<SmogChoices, Smog>({ name: 'Smog', make: (options) => new Smog(options) }),
};
