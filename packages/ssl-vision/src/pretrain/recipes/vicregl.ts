import { type DescribedView, located, maeViews, vicreglViews } from '@selfsup/ssl-data';
import type { PooledEncoder } from '../../encoders/last-map.js';
import { VicregL, type VicregLOptions, vicregLSmall } from '../../methods/vicregl/vicregl.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import type { ChosenViews, Recipe, ViewFacts } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of VICRegL; see `VicregL`. */
export type VicregLChoices = Omit<VicregLOptions, 'backbone' | 'key' | 'normalize'>;

/** Two views that say where they lie: the method's own for colour; for others crops and flips, as turned ones have no borders. */
function locatedViews({ channels, imageSize: size }: ViewFacts): ChosenViews {
  if (channels === 3) return calledViews('vicreglViews', vicreglViews, { size, globalScale: [0.2, 1] });
  const options = { size, minScale: 0.35 };
  const views = [...maeViews(options), ...maeViews(options)].map((view: DescribedView) => located(view));
  return { views, call: { name: 'maeViews', options, times: 2, around: 'located' } };
}

/** VICRegL with heads and matches for small maps. */
export const vicregl: Recipe<VicregLChoices> = {
  choices: {
    depth: 'optionalNumber',
    hiddenDim: 'optionalNumber',
    outDim: 'optionalNumber',
    localHiddenDim: 'optionalNumber',
    localOutDim: 'optionalNumber',
    alpha: 'optionalNumber',
    numMatches: 'optional',
    lambda: 'optionalNumber',
    mu: 'optionalNumber',
    nu: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  maps: true,
  // Two views, forth and twice as much back.
  passes: 6,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: locatedViews,
  preset: () => ({ value: vicregLSmall, why: 'vicregLSmall, for small encoders and maps' }),
  ...aroundEncoder<VicregLChoices, VicregL>({
    name: 'VicregL',
    // The recipe's encoders have maps.
    make: (options) => new VicregL({ ...options, backbone: options.backbone as PooledEncoder }),
  }),
};
