import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from 'ssl-tensor/host';
import { checkTensor } from './check.js';
import type { Reduced, Reduction } from './reduction.js';
import { reduce } from './reduction.js';
import { smoothedCrossEntropy } from './softmax-cross-entropy.js';

/** Options of {@link maskedTokenCrossEntropy}. */
export interface MaskedTokenCrossEntropyOptions<R extends Reduction = Reduction> {
  /** Weight of each position, float32 `[n]`; 0 = padding that does not count. Default all 1. */
  readonly weights?: tf.Tensor1D;
  /** Label of positions that do not count. */
  readonly ignoreIndex?: number;
  /** `mean` divides by the sum of the weights that count. */
  readonly reduction?: R;
  /** Share of the target that is spread over the vocabulary, in `[0, 1)`. */
  readonly labelSmoothing?: number;
}

/** Defaults of {@link maskedTokenCrossEntropy}: the ignored label of PyTorch and of Hugging Face's collators. */
export const maskedTokenCrossEntropyDefaults = { ignoreIndex: -100, reduction: 'mean', labelSmoothing: 0 } as const;

/**
 * Cross-entropy of vocabulary scores at masked positions: `sum_i w_i * ce_i / sum_i w_i`.
 *
 * Give it scores of the masked positions only; a fixed number of positions per batch is padded with weight 0 or with the
 * label `ignoreIndex`. When no position counts the loss is 0 (PyTorch gives NaN).
 *
 * @param logits `[n, vocabulary]`
 * @param labels int32 `[n]`, each in `[0, vocabulary)` or `ignoreIndex`
 * @returns scalar in nats, or `[n]` (weighted) with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Devlin et al. 2018, arXiv 1810.04805; as `torch.nn.functional.cross_entropy` with `ignore_index`.
 */
export function maskedTokenCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: MaskedTokenCrossEntropyOptions<R> = {},
): Reduced<R> {
  const { weights, ignoreIndex, reduction, labelSmoothing } = { ...maskedTokenCrossEntropyDefaults, ...options };
  checkTensor('maskedTokenCrossEntropy', 'logits', logits, ['n', 'vocabulary']);
  checkTensor('maskedTokenCrossEntropy', 'labels', labels, [logits.shape[0]], ['int32']);
  if (weights !== undefined) checkTensor('maskedTokenCrossEntropy', 'weights', weights, [logits.shape[0]]);
  if (!Number.isSafeInteger(ignoreIndex))
    throw new InvalidOptionError('maskedTokenCrossEntropy', 'ignoreIndex', 'an integer', ignoreIndex);

  const counted = tf.cast(tf.notEqual(labels, tf.scalar(ignoreIndex, 'int32')), 'int32');
  const known = tf.mul(labels, counted) as tf.Tensor1D;
  const share = tf.cast(counted, 'float32');
  const weight = weights === undefined ? share : tf.mul(share, weights);
  const losses = tf.mul(
    smoothedCrossEntropy('maskedTokenCrossEntropy', logits, known, labelSmoothing),
    weight,
  ) as tf.Tensor1D;
  if (reduction !== 'mean') return reduce('maskedTokenCrossEntropy', losses, reduction as R);
  return tf.div(tf.sum(losses), tf.maximum(tf.sum(weight), 1e-12)) as Reduced<R>;
}
