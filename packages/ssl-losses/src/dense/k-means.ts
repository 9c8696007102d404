import * as tf from '@tensorflow/tfjs-core';
import { randomUniform, type TensorKey } from '@selfsup/ssl-tensor';
import { oneHot } from '../transfer/one-hot.js';
import { withoutGradient } from '../numerics/without-gradient.js';

/** Options of {@link kMeans}. */
export interface KMeansOptions {
  /** Means to look for; no more than points. */
  readonly clusters: number;
  /** Most rounds of assigning points and moving means. */
  readonly iterations: number;
  /** A set of points whose means move together by less than this, in Euclidean length, is left as it is. */
  readonly tolerance: number;
}

/** Means, and which points belong to each. */
export interface KMeans {
  /** `[sets, clusters, dim]` */
  readonly means: tf.Tensor3D;
  /** `[sets, points, clusters]`, 1 = the nearest mean, else 0 */
  readonly assignment: tf.Tensor3D;
}

/**
 * Uniform numbers that {@link kMeans} draws by, `[sets, 1 + iterations, clusters]`: first for each mean's start, then in
 * each round for the place of a mean that lost all its points.
 */
export function kMeansDraws(key: TensorKey, sets: number, { clusters, iterations }: KMeansOptions): tf.Tensor3D {
  return randomUniform(key, [sets, 1 + iterations, clusters]) as tf.Tensor3D;
}

/**
 * Lloyd's algorithm from k-means++'s start, for several sets of points at once and with static shapes: a set that has
 * settled keeps its means while the others go on. No gradient flows.
 *
 * @param points `[sets, points, dim]`
 * @param draws in `[0, 1)`, `[sets, 1 + iterations, clusters]`, see {@link kMeansDraws}
 * Source: Arthur and Vassilvitskii 2007, k-means++: the advantages of careful seeding; in the order of lightly's
 * `DSERegularizer`.
 */
export function kMeans(points: tf.Tensor3D, draws: tf.Tensor3D, options: KMeansOptions): KMeans {
  const dim = points.shape[2];
  const both = withoutGradient<tf.Rank.R3>(points, (x) => {
    const { means, assignment } = lloyd(x as tf.Tensor3D, draws, options);
    return tf.concat([means, tf.transpose(assignment, [0, 2, 1])], 2) as tf.Tensor3D;
  });
  return {
    means: tf.slice(both, [0, 0, 0], [-1, -1, dim]),
    assignment: tf.transpose(tf.slice(both, [0, 0, dim], [-1, -1, -1]), [0, 2, 1]) as tf.Tensor3D,
  };
}

function lloyd(points: tf.Tensor3D, draws: tf.Tensor3D, options: KMeansOptions): KMeans {
  const [sets, count] = points.shape;
  const { clusters, iterations, tolerance } = options;
  const round = (r: number): tf.Tensor2D => tf.reshape(tf.slice(draws, [0, r, 0], [-1, 1, -1]), [sets, clusters]);
  const pointAt = (uniforms: tf.Tensor2D): tf.Tensor3D =>
    take(points, tf.cast(tf.floor(tf.minimum(tf.mul(uniforms, count), count - 1)), 'int32') as tf.Tensor2D);

  let means = farStart(points, round(0), pointAt);
  let moving: tf.Tensor = tf.ones([sets, 1, 1]);
  for (let r = 1; r <= iterations; r++) {
    const assignment = nearest(points, means);
    const sizes = tf.reshape(tf.sum(assignment, 1), [sets, clusters, 1]);
    const centres = tf.div(tf.matMul(assignment, points, true), tf.maximum(sizes, 1));
    const next = tf.where(tf.greater(sizes, 0), centres, pointAt(round(r)));
    const moved = tf.sqrt(tf.sum(tf.squaredDifference(next, means), [1, 2], true));
    means = tf.where(tf.greater(moving, 0), next, means) as tf.Tensor3D;
    moving = tf.mul(moving, tf.cast(tf.greaterEqual(moved, tolerance), 'float32'));
  }
  return { means, assignment: nearest(points, means) };
}

/** Rows at `places`, `[sets, n]`, as `[sets, n, dim]`. */
function take(points: tf.Tensor3D, places: tf.Tensor2D): tf.Tensor3D {
  return tf.matMul(oneHot(places, points.shape[1]) as tf.Tensor3D, points);
}

/** Each point's nearest mean as 1 of `[sets, points, clusters]`. */
function nearest(points: tf.Tensor3D, means: tf.Tensor3D): tf.Tensor3D {
  // The point's own length moves no minimum.
  const apart = tf.sub(
    tf.reshape(tf.sum(tf.square(means), 2), [means.shape[0], 1, means.shape[1]]),
    tf.mul(tf.matMul(points, means, false, true), 2),
  );
  return oneHot(tf.argMin(apart, 2), means.shape[1]) as tf.Tensor3D;
}

/** A first point at random, then each next one with a probability that grows as the squared distance from the others. */
function farStart(
  points: tf.Tensor3D,
  uniforms: tf.Tensor2D,
  pointAt: (uniforms: tf.Tensor2D) => tf.Tensor3D,
): tf.Tensor3D {
  const [sets, count] = points.shape;
  const [, clusters] = uniforms.shape;
  const uniform = (k: number): tf.Tensor2D => tf.slice(uniforms, [0, k], [-1, 1]);
  const means = [pointAt(uniform(0))];
  const from = (mean: tf.Tensor3D): tf.Tensor => tf.sum(tf.squaredDifference(points, mean), 2);
  let apart = from(means[0]!);
  for (let k = 1; k < clusters; k++) {
    if (k > 1) apart = tf.minimum(apart, from(means[k - 1]!));
    // Where all points are means already, one is as good as another.
    const none = tf.equal(tf.sum(apart, 1, true), 0);
    const weights = tf.where(tf.tile(none, [1, count]), tf.ones([sets, count]), apart);
    const reached = tf.cumsum(weights, 1);
    const goal = tf.mul(uniform(k), tf.slice(reached, [0, count - 1], [-1, 1]));
    const place = tf.sum(tf.cast(tf.lessEqual(reached, goal), 'int32'), 1, true);
    means.push(take(points, tf.minimum(place, tf.scalar(count - 1, 'int32')) as tf.Tensor2D));
  }
  return tf.concat(means, 1) as tf.Tensor3D;
}
