import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkPositive, checkShare, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { normalQuantiles } from './normal-quantiles.js';
import { resolveDirections, type Directions } from './random-directions.js';
import { viewInvariance } from './view-invariance.js';

/** Options of {@link visReg}. */
export interface VisRegOptions {
  /** Weight of the three regularisers in `[0, 1]`; the distance of the views has the rest. */
  readonly lambda?: number;
  /** Random directions to draw when a key is given. */
  readonly numSlices?: number;
  readonly lambdaScale?: number;
  readonly lambdaShape?: number;
  readonly lambdaCenter?: number;
  /** Added to the standard deviation that features are divided by; positive. */
  readonly eps?: number;
}

const visRegOptionNames: OptionNames<VisRegOptions> = {
  lambda: 'optionalNumber',
  numSlices: 'optionalNumber',
  lambdaScale: 'optionalNumber',
  lambdaShape: 'optionalNumber',
  lambdaCenter: 'optionalNumber',
  eps: 'optionalNumber',
};

/** Defaults of {@link visReg}: arXiv 2606.02572; lambda 0.6 suits small data sets. */
export const visRegDefaults = {
  lambda: 0.9,
  numSlices: 4096,
  lambdaScale: 1,
  lambdaShape: 1,
  lambdaCenter: 1,
  eps: 1e-4,
} as const;

/** The terms of {@link visReg}, unweighted, and their weighted total; scalars. */
export interface VisRegTerms {
  readonly total: tf.Scalar;
  readonly prediction: tf.Scalar;
  readonly scale: tf.Scalar;
  readonly shape: tf.Scalar;
  readonly center: tf.Scalar;
}

/** Keeps the slope of the root finite for features that are constant. */
const smallestVariance = 1e-12;

/**
 * VISReg: all views near the centre of the global ones, `prediction`; each feature's mean at 0, `center`, and
 * deviation at 1, `scale`; and sliced Wasserstein distance of the standardised features from a Gaussian, `shape`:
 * `(1 - lambda) prediction + lambda (lambdaScale scale + lambdaShape shape + lambdaCenter center)`.
 *
 * @param globalViews `[globalViews, batch, dim]`, batch of two or more
 * @param localViews `[localViews, batch, dim]`
 * @param directions a key that changes with the step, int32 `[2]`, or unit directions, `[dim, count]`
 * @returns the terms and their total
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Wu et al. 2026, arXiv 2606.02572, equations 1 to 8 and algorithm 1. Equal to lightly's `VISRegLoss` for the
 * same directions.
 */
export function visReg(
  globalViews: tf.Tensor3D,
  localViews: tf.Tensor3D,
  directions: Directions,
  options: VisRegOptions = {},
): VisRegTerms {
  const { lambda, numSlices, lambdaScale, lambdaShape, lambdaCenter, eps } = {
    ...visRegDefaults,
    ...checkOptions('visReg', options, visRegOptionNames),
  };
  checkShare('visReg', { lambda });
  checkNonNegative('visReg', { lambdaScale, lambdaShape, lambdaCenter });
  checkPositive('visReg', { eps });
  const { views, distance: prediction } = viewInvariance('visReg', globalViews, localViews);
  const [count, batch, dim] = views.shape;
  if (batch < 2) throw new ShapeError('visReg', 'globalViews', 'a batch of two or more', `${batch}`);

  const middle = tf.mean(views, 1, true);
  const centred = tf.sub(views, middle);
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), 1, true), smallestVariance));
  const center = tf.mean(tf.square(middle)) as tf.Scalar;
  const scale = tf.mean(tf.square(tf.sub(1, deviation))) as tf.Scalar;

  // No gradient through the deviation: the shape must not work against the scale.
  const standardised = tf.div(centred, tf.add(stopGradient(deviation), eps));
  const slices = resolveDirections('visReg', directions, dim, numSlices);
  const projections = tf.matMul(tf.reshape(standardised, [count * batch, dim]) as tf.Tensor2D, slices);
  const samples = tf.transpose(tf.reshape(projections, [count, batch, slices.shape[1]]), [0, 2, 1]);
  const shape = gaussianDistance(samples);

  const regularizer = tf.addN([tf.mul(scale, lambdaScale), tf.mul(shape, lambdaShape), tf.mul(center, lambdaCenter)]);
  const total = tf.add(tf.mul(prediction, 1 - lambda), tf.mul(regularizer, lambda)) as tf.Scalar;
  return { total, prediction, scale, shape, center };
}

/**
 * Mean squared distance of samples `[..., n]`, in order of size, from the quantiles of the standard normal
 * distribution. Each sample is compared with the quantile of its rank, so that nothing needs a gradient through the
 * sorting.
 */
function gaussianDistance(samples: tf.Tensor): tf.Scalar {
  const n = samples.shape.at(-1)!;
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
    // The places of the places: how many samples are larger.
    const { indices } = tf.topk(x, n);
    const ranks = tf.topk(tf.neg(tf.cast(indices, 'float32')), n).indices;
    const quantiles = tf.tensor1d(Float32Array.from(normalQuantiles(n)).reverse());
    const difference = tf.sub(x, tf.reshape(tf.gather(quantiles, tf.reshape(ranks, [-1])), x.shape));
    save([difference]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => tf.mul(saved[0]!, tf.mul(dy, 2 / samples.size));
    return { value: tf.mean(tf.square(difference)), gradFunc };
  });
  return op(samples) as tf.Scalar;
}
