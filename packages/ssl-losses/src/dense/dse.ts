import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkNonNegative, checkPositive, foldInKey, type TensorKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { kMeans, kMeansDraws, type KMeans } from './k-means.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { nuclearNorm } from '../redundancy/nuclear-norm.js';
import { oneHot } from '../transfer/one-hot.js';
import { singularEntropy } from '../diagnostics/singular-entropy.js';
import { withoutGradient } from '../numerics/without-gradient.js';

/** Options of {@link dse}. */
export interface DseOptions {
  /** Factor of the term, 0 or more. */
  readonly weight?: number;
  /** Scale the features to length 1 first. */
  readonly normalize?: boolean;
  /** Clusters of the places of one image. */
  readonly localClusters?: number;
  /** Clusters of the places of a group of images; a group has `globalClusters / localClusters` images. */
  readonly globalClusters?: number;
  /** Most rounds of k-means. */
  readonly maxIterations?: number;
  /** Movement of the means below which k-means has settled, positive. */
  readonly tolerance?: number;
}

const dseOptionNames: OptionNames<DseOptions> = {
  weight: 'optionalNumber',
  normalize: 'optionalFlag',
  localClusters: 'optionalNumber',
  globalClusters: 'optionalNumber',
  maxIterations: 'optionalNumber',
  tolerance: 'optionalNumber',
};

/** Defaults of {@link dse}: those of lightly's `DSERegularizer`, after arXiv 2510.17299. */
export const dseDefaults = {
  weight: 1,
  normalize: true,
  localClusters: 3,
  globalClusters: 24,
  maxIterations: 20,
  tolerance: 1e-4,
} as const;

/** Uniform numbers of the clusterings: of each image, and of each group of images. */
export interface DseDraws {
  readonly images: tf.Tensor3D;
  readonly groups: readonly tf.Tensor3D[];
}

/**
 * Dense structure estimator as a regulariser, to add to the loss of a method: classes of places far apart and compact,
 * features spread over all dimensions: `-weight (inter / l + erank - (intraBatch + intraImage) / (2 l))`. `inter` is the
 * mean distance of places from the nearest other cluster's mean, `intra...` the mean over clusters of `n` places of
 * `|Z_c - mean|_* / sqrt(max(n - 1, dim))`, in groups of images and in each image; `erank` the effective rank of all
 * places over the smaller dimension, and `l` the mean distance of places from their mean. Clusters are k-means', without
 * gradient.
 *
 * Shapes are static: every cluster is a mask over all places of its image or group, which takes
 * `globalClusters * group * places * dim` numbers a few times over.
 *
 * @param features of places such as patches, `[batch, places, dim]`
 * @param key of k-means' draws, int32 `[2]`; must change with the step
 * @returns scalar
 * @throws ShapeError when the shapes do not match or are empty; InvalidOptionError for options
 * Source: Dai et al. 2025, arXiv 2510.17299, and DSE_regularizer.py of EldercatSAM/SSL-Degradation. Equal to lightly's
 * `DSERegularizer` (lightly/loss/regularizer/dse.py) for the same draws, with singular values as in `nuclearNorm`.
 *
 * @example
 * const term = dse(tf.randomNormal([8, 16, 12]), tf.tensor1d([1, 2], 'int32'), { weight: 0.1 });
 */
export function dse(features: tf.Tensor3D, key: TensorKey, options: DseOptions = {}): tf.Scalar {
  const settings = { ...dseDefaults, ...checkOptions('dse', options, dseOptionNames) };
  checkTensor('dse', 'features', features, ['batch', 'places', 'dim']);
  checkTensor('dse', 'key', key, [2], ['int32']);
  checkSettings(features, settings);
  const [batch, places] = features.shape;
  const local = localMeans(features, settings);
  return dseByDraws(
    features,
    {
      images: kMeansDraws(foldInKey(key, 0), batch, local),
      groups: groupsOf(batch, settings).map(({ sets, images }, index) =>
        kMeansDraws(foldInKey(key, 1 + index), sets, globalMeans(images * places, settings)),
      ),
    },
    settings,
  );
}

/** {@link dse} by given uniform numbers. */
export function dseByDraws(features: tf.Tensor3D, draws: DseDraws, settings: Required<DseOptions>): tf.Scalar {
  const [batch, places, dim] = features.shape;
  const unit = (x: tf.Tensor3D): tf.Tensor3D => tf.reshape(l2Normalize(tf.reshape(x, [-1, dim])), x.shape);
  const z = settings.normalize ? unit(features) : features;
  const spread = tf.add(tf.mean(length(tf.sub(z, tf.mean(z, [0, 1], true)))), 1e-12);

  const ofImages = compactness(z, kMeans(z, draws.images, localMeans(features, settings)));
  // Images without a cluster of two places have no say.
  const images = tf.sum(ofImages.counts, 1);
  const image = meanOver(tf.div(tf.sum(ofImages.sizes, 1), tf.maximum(images, 1)), tf.minimum(images, 1));

  const groups = groupsOf(batch, settings).map(({ first, sets, images: size }, index) => {
    const count = size * places;
    const cut = (x: tf.Tensor3D): tf.Tensor3D =>
      tf.reshape(tf.slice(x, [first, 0, 0], [sets * size, -1, -1]), [sets, count, dim]);
    const found = kMeans(cut(z), draws.groups[index]!, globalMeans(count, settings));
    return { ...compactness(cut(z), found), apart: separation(cut(z), found) };
  });
  const flat = (of: (group: (typeof groups)[number]) => tf.Tensor): tf.Tensor =>
    tf.concat(groups.map((group) => tf.reshape(of(group), [-1])));
  const batchwise = meanOver(
    flat(({ sizes }) => sizes),
    flat(({ counts }) => counts),
  );
  const separate = groups.flatMap(({ apart }) => (apart === undefined ? [] : [apart]));
  const inter = separate.length === 0 ? tf.scalar(0) : tf.mean(tf.concat(separate));

  const rank = tf.mul(tf.exp(singularEntropy(tf.reshape(z, [-1, dim]))), 1 / Math.min(batch * places, dim));
  const structure = tf.div(tf.sub(inter, tf.mul(tf.add(batchwise, image), 0.5)), spread);
  return tf.mul(tf.add(structure, rank), -settings.weight) as tf.Scalar;
}

function checkSettings({ shape }: tf.Tensor3D, settings: Required<DseOptions>): void {
  const { weight, localClusters, globalClusters, maxIterations, tolerance } = settings;
  checkNonNegative('dse', { weight });
  checkCount('dse', { localClusters, globalClusters, maxIterations });
  checkPositive('dse', { tolerance });
  if (shape.includes(0)) throw new ShapeError('dse', 'features', 'no axis of 0', `[${shape.join(', ')}]`);
}

/** Groups of images of one size: all whole ones, and what is left. */
function groupsOf(
  batch: number,
  { localClusters, globalClusters }: Required<DseOptions>,
): { readonly first: number; readonly sets: number; readonly images: number }[] {
  const images = Math.max(Math.floor(globalClusters / localClusters), 1);
  const sets = Math.floor(batch / images);
  const rest = batch % images;
  return [
    ...(sets > 0 ? [{ first: 0, sets, images }] : []),
    ...(rest > 0 ? [{ first: sets * images, sets: 1, images: rest }] : []),
  ];
}

const meansOf = (clusters: number, points: number, { maxIterations, tolerance }: Required<DseOptions>) => ({
  clusters: Math.min(clusters, points),
  iterations: maxIterations,
  tolerance,
});
const localMeans = ({ shape }: tf.Tensor3D, settings: Required<DseOptions>) =>
  meansOf(settings.localClusters, shape[1], settings);
const globalMeans = (points: number, settings: Required<DseOptions>) =>
  meansOf(settings.globalClusters, points, settings);

/** Lengths along the last axis; the gradient at 0 is 0. */
function length(x: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.maximum(tf.sum(tf.square(x), -1), 1e-30));
}

const meanOver = (values: tf.Tensor, counts: tf.Tensor): tf.Tensor =>
  tf.div(tf.sum(tf.mul(values, counts)), tf.maximum(tf.sum(counts), 1));

/**
 * Sums of the singular values of each centred cluster over `sqrt(max(n - 1, dim))`, `[sets, clusters]`, and 1 where it
 * has two points or more; the sums of others are 0.
 */
function compactness(
  z: tf.Tensor3D,
  { assignment }: KMeans,
): { readonly sizes: tf.Tensor; readonly counts: tf.Tensor } {
  const [sets, points, dim] = z.shape;
  const clusters = assignment.shape[2];
  const members = tf.transpose(assignment, [0, 2, 1]) as tf.Tensor3D;
  const n = tf.sum(members, 2, true);
  const centres = tf.div(tf.matMul(members, z), tf.maximum(n, 1));
  const centred = tf.mul(tf.sub(tf.expandDims(z, 1), tf.expandDims(centres, 2)), tf.expandDims(members, 3));
  const sums = tf.reshape(nuclearNorm(tf.reshape(centred, [-1, points, dim])), [sets, clusters]);
  const count = tf.reshape(n, [sets, clusters]);
  const counts = tf.clipByValue(tf.sub(count, 1), 0, 1);
  return { sizes: tf.div(tf.mul(sums, counts), tf.sqrt(tf.maximum(tf.sub(count, 1), dim))), counts };
}

/** Keeps a place's own cluster from being the nearest. */
const own = 1e30;

/** Mean distance of each set's points from the nearest mean of another cluster, `[sets]`; none with one cluster. */
function separation(z: tf.Tensor3D, { means, assignment }: KMeans): tf.Tensor1D | undefined {
  const clusters = means.shape[1];
  if (clusters === 1) return undefined;
  const nearest = withoutGradient<tf.Rank.R3>(z, (x) => {
    const lengths = tf.reshape(tf.sum(tf.square(means), 2), [means.shape[0], 1, clusters]);
    const squared = tf.sub(lengths, tf.mul(tf.matMul(x as tf.Tensor3D, means, false, true), 2));
    return oneHot(tf.argMin(tf.add(squared, tf.mul(assignment, own)), 2), clusters) as tf.Tensor3D;
  });
  return tf.mean(length(tf.sub(z, tf.matMul(nearest, means))), 1);
}
