import { type MultiCropOptions, smallImageCrops } from '@selfsup/ssl-data';
import { calledViews } from './called-views.js';
import type { ChosenViews, ViewFacts } from './recipe.js';

/** Half of the picture, in whole patches or in fours. */
const localSizeOf = ({ imageSize, patchSize = 4 }: ViewFacts): number =>
  patchSize * Math.max(1, Math.round(imageSize / 2 / patchSize));
/** Fewer than in the papers: each is a quarter of a global view's work. */
const mostLocal = 4;
/**
 * Side below which there are none: a crop of 8 pixels is one place after three strides. On digits of 16 pixels SwAV came to
 * a kNN of 63.5 with them and 69.6 without, in runs that differed in other choices too.
 */
const leastSide = 12;

/** Sizes of crops. */
type CropSizes = Required<Pick<MultiCropOptions, 'size' | 'localSize' | 'localCount'>>;

/** Multi-crop: the method's own for colour; for others one that keeps orientation, as digits and signs want. */
export function cropViews(facts: ViewFacts, colour: (sizes: CropSizes) => ChosenViews): ChosenViews {
  const localSize = localSizeOf(facts);
  const sizes = { size: facts.imageSize, localSize, localCount: localSize < leastSide ? 0 : mostLocal };
  return facts.channels === 3 ? colour(sizes) : calledViews('smallImageCrops', smallImageCrops, sizes);
}
