import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkRate, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { withoutGradient } from '../numerics/without-gradient.js';

/** Options of {@link softTargetCrossEntropy}. */
export interface SoftTargetCrossEntropyOptions<R extends Reduction = Reduction> {
  /** Share of the target that is spread over all classes, in `[0, 1)`. */
  readonly labelSmoothing?: number;
  readonly reduction?: R;
}

const softTargetCrossEntropyOptionNames: OptionNames<SoftTargetCrossEntropyOptions> = {
  labelSmoothing: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link softTargetCrossEntropy}: those of `torch.nn.functional.cross_entropy`. */
export const softTargetCrossEntropyDefaults = { labelSmoothing: 0, reduction: 'mean' } as const;

/**
 * Cross-entropy of class scores against class probabilities: `-sum_c t_c log softmax(x)_c`, with
 * `t <- (1 - e) t + e / classes` under smoothing `e`.
 *
 * @param logits `[n, classes]`
 * @param targets `[n, classes]`; rows that do not sum to 1 count by their sum. A row of zeros has no label, as -1 has none
 *   among integers: it does not count, not even in the number of rows that the mean divides by. A negative share makes the loss NaN
 * @returns scalar in nats, or `[n]` with reduction `none`, 0 for rows that do not count; NaN where no row counts
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Szegedy et al. 2016, arXiv 1512.00567, section 7; as `torch.nn.functional.cross_entropy` with probabilities.
 */
export function softTargetCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  targets: tf.Tensor2D,
  options: SoftTargetCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'softTargetCrossEntropy';
  const { labelSmoothing, reduction } = {
    ...softTargetCrossEntropyDefaults,
    ...checkOptions('softTargetCrossEntropy', options, softTargetCrossEntropyOptionNames),
  };
  checkTensor(where, 'logits', logits, ['n', 'classes']);
  checkTensor(where, 'targets', targets, logits.shape);
  checkRate(where, { labelSmoothing });
  const smooth = tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / logits.shape[1]);
  const weight = withoutGradient<tf.Rank.R1>(targets, (t) =>
    // A negative share is none: a label in the place of a distribution, such as -1.
    tf.where(
      tf.any(tf.less(t, -1e-6), 1),
      tf.mul(tf.ones<tf.Rank.R1>([t.shape[0]!]), NaN),
      tf.cast(tf.any(tf.notEqual(t, 0), 1), 'float32'),
    ),
  );
  const losses = tf.mul(softCrossEntropy(logits, labelSmoothing === 0 ? targets : smooth), weight) as tf.Tensor1D;
  return reduceCounted(where, losses, weight, reduction as R);
}

/** `-sum_c t_c log softmax(x)_c` of each row, `[n]`. */
export function softCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor): tf.Tensor1D {
  return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1));
}
