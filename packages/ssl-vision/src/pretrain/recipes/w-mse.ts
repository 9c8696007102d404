import { simclrViews } from '@selfsup/ssl-data';
import { WMse, wMseDefaults, type WMseOptions } from '../../methods/w-mse/w-mse.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import { pairViews } from './pair-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of W-MSE; see `WMse`. */
export type WMseChoices = Omit<WMseOptions, 'backbone' | 'key' | 'normalize'>;

/** Images that are whitened together: at most so many, as in the paper, and where the batch allows half as many. */
const [most, enough] = [128, 64];

/** The largest part that divides the batch: of one without such parts, all of it. */
function partOf(batchSize: number): number {
  for (let part = Math.min(most, batchSize); part >= enough; part--) if (batchSize % part === 0) return part;
  return batchSize;
}

/** W-MSE; the parts that are whitened divide the batch, and the projections are half as wide as they. */
export const wMse: Recipe<WMseChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    wSize: 'optionalNumber',
    wIter: 'optionalNumber',
    eps: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: (facts) => pairViews(facts, (size) => calledViews('simclrViews', simclrViews, { size, strength: 0.5 })),
  preset: ({ batchSize }) => {
    const wSize = partOf(batchSize);
    const outDim = Math.max(1, Math.min(wMseDefaults.outDim, Math.floor(wSize / 2)));
    return { value: { hiddenDim: 512, wSize, outDim }, why: `parts that divide batches of ${batchSize}` };
  },
  ...aroundEncoder<WMseChoices, WMse>({ name: 'WMse', make: (options) => new WMse(options) }),
};
