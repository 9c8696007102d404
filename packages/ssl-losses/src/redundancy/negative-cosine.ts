import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link negativeCosine}. */
export interface NegativeCosineOptions<R extends Reduction = Reduction> {
  /** Axis of the features; counted from the end when negative. */
  readonly axis?: number;
  /** Vectors shorter than this are scaled as if they had this length; 1e-12 or more. */
  readonly eps?: number;
  /** Let no gradient flow into the target, which keeps SimSiam and BYOL from collapsing. */
  readonly stopGradient?: boolean;
  readonly reduction?: R;
}

const negativeCosineOptionNames: OptionNames<NegativeCosineOptions> = {
  axis: 'optionalNumber',
  eps: 'optionalNumber',
  stopGradient: 'optionalFlag',
  reduction: 'optional',
};

/** Defaults of {@link negativeCosine}: those of lightly's `NegativeCosineSimilarity`, and SimSiam's stop-gradient. */
export const negativeCosineDefaults = { axis: 1, eps: 1e-8, stopGradient: true, reduction: 'mean' } as const;

/** Below it, the slope of `1 / length` leaves the range of float32. */
const smallestEps = 1e-12;

/**
 * Negative cosine similarity of predictions and targets: `-p_i . z_i / (|p_i| |z_i|)`. BYOL's loss is `2 + 2` times it.
 *
 * A symmetric loss is the mean of both orders: `(D(p1, z2) + D(p2, z1)) / 2`.
 *
 * @param prediction `[batch, dim]`, or features along `axis` of a tensor of any rank from 2
 * @param target same shape; a constant unless `stopGradient` is off
 * @returns scalar in `[-1, 1]`, or `[n]` with reduction `none`: a value for each place of the other axes, in their
 * order
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Chen and He 2021 (SimSiam), arXiv 2011.10566, equation 1; Grill et al. 2020 (BYOL), arXiv 2006.07733,
 * equation 2. Equal to lightly's `NegativeCosineSimilarity` where the caller detaches the target; vectors shorter than
 * `eps` have the gradient of the value, which PyTorch's have not.
 *
 * @example
 * const loss = negativeCosine(tf.randomNormal([8, 16]), tf.randomNormal([8, 16]));
 */
export function negativeCosine<R extends Reduction = 'mean'>(
  prediction: tf.Tensor,
  target: tf.Tensor,
  options: NegativeCosineOptions<R> = {},
): Reduced<R> {
  const {
    axis,
    eps,
    stopGradient: stop,
    reduction,
  } = { ...negativeCosineDefaults, ...checkOptions('negativeCosine', options, negativeCosineOptionNames) };
  checkTensors('negativeCosine', { prediction });
  const { rank } = prediction;
  if (rank < 2) checkTensor('negativeCosine', 'prediction', prediction, ['batch', 'dim']);
  checkTensor('negativeCosine', 'prediction', prediction, prediction.shape);
  checkTensor('negativeCosine', 'target', target, prediction.shape);
  if (!Number.isSafeInteger(axis) || axis < -rank || axis >= rank)
    throw new InvalidOptionError('negativeCosine', 'axis', `an integer in [${-rank}, ${rank})`, axis);
  if (!(eps >= smallestEps && Number.isFinite(eps)))
    throw new InvalidOptionError('negativeCosine', 'eps', `finite and ${smallestEps} or more`, eps);

  const at = axis < 0 ? axis + rank : axis;
  const [p, z] = [featureRows(prediction, at), featureRows(stop ? stopGradient(target) : target, at)];
  const inverse = (x: tf.Tensor): tf.Tensor => tf.rsqrt(tf.maximum(tf.sum(tf.square(x), 1), eps * eps));
  const cosine = tf.mul(tf.mul(tf.sum(tf.mul(p, z), 1), inverse(p)), inverse(z));
  return reduce('negativeCosine', tf.neg(cosine) as tf.Tensor1D, reduction as R);
}

/** `[places, dim]` with the features of `axis` as rows. */
function featureRows(x: tf.Tensor, axis: number): tf.Tensor2D {
  const others = [...x.shape.keys()].filter((each) => each !== axis);
  const last = axis === x.rank - 1 ? x : tf.transpose(x, [...others, axis]);
  return tf.reshape(last, [-1, x.shape[axis]!]);
}
