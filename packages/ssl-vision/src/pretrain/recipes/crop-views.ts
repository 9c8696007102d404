import { type MultiCropOptions, smallImageCrops } from '@selfsup/ssl-data';
import { calledViews } from './called-views.js';
import type { ChosenViews, ViewFacts } from './recipe.js';

/** A part of the picture, in whole patches or in fours. */
const localSizeOf = ({ imageSize, patchSize = 4 }: ViewFacts, share: number): number =>
  patchSize * Math.max(1, Math.round((share * imageSize) / patchSize));
/** Fewer than in the papers: each is a quarter of a global view's work. */
const mostLocal = 4;
/**
 * Side below which there are none: a crop of 8 pixels is one place after three strides. On digits of 16 pixels SwAV came to
 * a kNN of 63.5 with them and 69.6 without, in runs that differed in other choices too.
 */
const leastSide = 12;

/** Part of the picture's side that a local view has where there must be one and a half is too small. */
const largeShare = 0.75;

/** Sizes of crops. */
type CropSizes = Required<Pick<MultiCropOptions, 'size' | 'localSize' | 'localCount'>>;

/**
 * Multi-crop: the method's own for colour; for others one that keeps orientation, as digits and signs want, and has no local
 * views unless they are needed. After 1,168 steps on letters (`npm run bench:methods -- --data letters --methods swav
 * --threads 1 --options '{}'`) SwAV's kNN was 62.1 % with and without the four that pictures in colour get (`none` below
 * without its second term), which take half as much time again.
 *
 * @param needed whether the method takes no batch without local views: then they are larger where half is too small
 */
export function cropViews(
  facts: ViewFacts,
  colour: (sizes: CropSizes) => ChosenViews,
  needed: 'optional' | 'needed' = 'optional',
): ChosenViews {
  const half = localSizeOf(facts, 0.5);
  const small = half < leastSide;
  const none = needed === 'optional' && (small || facts.channels !== 3);
  const localSize = small && needed === 'needed' ? localSizeOf(facts, largeShare) : half;
  const sizes = { size: facts.imageSize, localSize, localCount: none ? 0 : mostLocal };
  return facts.channels === 3 ? colour(sizes) : calledViews('smallImageCrops', smallImageCrops, sizes);
}
