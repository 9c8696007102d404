import * as tf from '@tensorflow/tfjs-core';
import { sparseSoftmaxCrossEntropy } from 'ssl-tensor';
import { InvalidOptionError } from 'ssl-tensor/host';
import { checkNonNegative } from './check-option.js';
import { checkTensor } from './check.js';
import { focalWeight } from './focal-weight.js';
import { reduce, type Reduced, type Reduction } from './reduction.js';

/** Options of {@link softmaxFocal}. */
export interface SoftmaxFocalOptions<R extends Reduction = Reduction> {
  /** Weight of each class, `[classes]`. Default all 1. */
  readonly alpha?: tf.Tensor1D;
  /** How fast easy examples lose their weight; 0 = cross-entropy. */
  readonly gamma?: number;
  /** Label of rows that do not count. */
  readonly ignoreIndex?: number;
  /** `mean` divides by the number of rows that count. */
  readonly reduction?: R;
}

/** Defaults of {@link softmaxFocal}: arXiv 1708.02002; the ignored label of PyTorch. */
export const softmaxFocalDefaults = { gamma: 2, ignoreIndex: -100, reduction: 'mean' } as const;

/**
 * Cross-entropy of class scores that counts hard examples more: `-alpha_y (1 - p_y)^gamma log p_y`. When no row counts the
 * loss is 0.
 *
 * @param logits `[n, classes]`
 * @param labels int32 `[n]`, each in `[0, classes)` or `ignoreIndex`
 * @returns scalar in nats, or `[n]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Lin et al. 2017, arXiv 1708.02002, equation 5, with softmax for the sigmoid.
 */
export function softmaxFocal<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: SoftmaxFocalOptions<R> = {},
): Reduced<R> {
  const where = 'softmaxFocal';
  const { alpha, gamma, ignoreIndex, reduction } = { ...softmaxFocalDefaults, ...options };
  checkTensor(where, 'logits', logits, ['n', 'classes']);
  checkTensor(where, 'labels', labels, [logits.shape[0]], ['int32']);
  if (alpha !== undefined) checkTensor(where, 'alpha', alpha, [logits.shape[1]]);
  checkNonNegative(where, { gamma });
  if (!Number.isSafeInteger(ignoreIndex)) throw new InvalidOptionError(where, 'ignoreIndex', 'an integer', ignoreIndex);

  const counted = tf.cast(tf.notEqual(labels, tf.scalar(ignoreIndex, 'int32')), 'int32');
  const known = tf.mul(labels, counted) as tf.Tensor1D;
  const surprise = sparseSoftmaxCrossEntropy(logits, known);
  const focused = focalWeight(surprise, tf.neg(tf.expm1(tf.neg(surprise))), gamma);
  const share = tf.cast(counted, 'float32');
  const weight = alpha === undefined ? share : tf.mul(share, tf.gather(alpha, known));
  const losses = tf.mul(focused, weight) as tf.Tensor1D;
  if (reduction !== 'mean') return reduce(where, losses, reduction as R);
  return tf.div(tf.sum(losses), tf.maximum(tf.sum(share), 1)) as Reduced<R>;
}
