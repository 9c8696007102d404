import * as tf from '@tensorflow/tfjs-core';
import { sparseSoftmaxCrossEntropy } from 'ssl-tensor';
import { InvalidOptionError } from 'ssl-tensor/host';
import { checkTensor } from './check.js';
import { logSumExpRows } from './log-sum-exp-rows.js';
import { reduce, type Reduced, type Reduction } from './reduction.js';

/** Options of {@link softmaxCrossEntropy}. */
export interface SoftmaxCrossEntropyOptions<R extends Reduction = Reduction> {
  readonly reduction?: R;
  /** Share of the target that is spread over all classes, in `[0, 1)`. */
  readonly labelSmoothing?: number;
}

/** Defaults of {@link softmaxCrossEntropy}: those of `torch.nn.functional.cross_entropy`. */
export const softmaxCrossEntropyDefaults = { reduction: 'mean', labelSmoothing: 0 } as const;

/** Cross-entropy of each row, with smoothed labels: `[n]`. */
export function smoothedCrossEntropy(
  where: string,
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  labelSmoothing: number,
): tf.Tensor1D {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new InvalidOptionError(where, 'labelSmoothing', 'in [0, 1)', labelSmoothing);
  const sharp = sparseSoftmaxCrossEntropy(logits, labels);
  if (labelSmoothing === 0) return sharp;
  const flat = tf.sub(logSumExpRows(logits), tf.mean(logits, 1));
  return tf.add(tf.mul(sharp, 1 - labelSmoothing), tf.mul(flat, labelSmoothing)) as tf.Tensor1D;
}

/**
 * Cross-entropy of class scores against integer labels:
 * `(1 - e) * (logSumExp(x_i) - x_i,label) + e * (logSumExp(x_i) - mean_c x_ic)` with smoothing `e`.
 *
 * @param logits `[n, classes]`
 * @param labels int32 `[n]`, each in `[0, classes)`; not checked, their values are only known while a step runs
 * @returns scalar in nats, or `[n]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Szegedy et al. 2016, arXiv 1512.00567, section 7; defined as `torch.nn.functional.cross_entropy`.
 */
export function softmaxCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: SoftmaxCrossEntropyOptions<R> = {},
): Reduced<R> {
  const { reduction, labelSmoothing } = { ...softmaxCrossEntropyDefaults, ...options };
  checkTensor('softmaxCrossEntropy', 'logits', logits, ['n', 'classes']);
  checkTensor('softmaxCrossEntropy', 'labels', labels, [logits.shape[0]], ['int32']);
  return reduce(
    'softmaxCrossEntropy',
    smoothedCrossEntropy('softmaxCrossEntropy', logits, labels, labelSmoothing),
    reduction as R,
  );
}
