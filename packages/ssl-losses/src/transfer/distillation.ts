import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, checkShare, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels } from './counted-labels.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { softDivergence } from '../self-distillation/soft-divergence.js';
import { smoothedCrossEntropy } from './softmax-cross-entropy.js';

/** Options of {@link distillation}. */
export interface DistillationOptions<R extends Reduction = Reduction> {
  /** Divisor of both logits in the soft part, positive. */
  readonly temperature?: number;
  /** Weight of the soft part in `[0, 1]`, `1 - alpha` that of the labels; without labels it is 1. */
  readonly alpha?: number;
  /** True classes, int32 `[n]`; -1, the product's 'no label' (or -100), for samples that only the teacher labels. */
  readonly labels?: tf.Tensor1D;
  readonly reduction?: R;
}

const distillationOptionNames: OptionNames<DistillationOptions> = {
  temperature: 'optionalNumber',
  alpha: 'optionalNumber',
  labels: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link distillation}: those of the comparison by Tian et al. 2019 (CRD), arXiv 1910.10699. */
export const distillationDefaults = { temperature: 4, alpha: 0.9, reduction: 'mean' } as const;

/**
 * A student learns a teacher's class probabilities, and the labels where there are some:
 * `alpha T^2 KL(softmax(t / T) || softmax(s / T)) + (1 - alpha) CE(s, y)`. `T^2` keeps the gradients' size. No gradient
 * flows into the teacher.
 *
 * @param student logits `[n, classes]`
 * @param teacher logits `[n, classes]`
 * @returns scalar in nats, or `[n]` with reduction `none`: the mean of the soft part over all samples and that of the labels
 *   over the samples that have one. NaN, also the gradient, for any other label outside the classes, and where labels are
 *   asked for (`alpha` below 1) and no sample has one
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Hinton et al. 2015, arXiv 1503.02531.
 *
 * @example
 * const loss = distillation(tf.randomNormal([8, 10]), tf.randomNormal([8, 10]), { temperature: 2 });
 */
export function distillation<R extends Reduction = 'mean'>(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  options: DistillationOptions<R> = {},
): Reduced<R> {
  const where = 'distillation';
  const { temperature, alpha, labels, reduction } = {
    ...distillationDefaults,
    ...checkOptions('distillation', options, distillationOptionNames),
  };
  checkTensor(where, 'student', student, ['n', 'classes']);
  checkTensor(where, 'teacher', teacher, student.shape);
  checkPositive(where, { temperature });
  checkShare(where, { alpha });
  const soft = tf.mul(softDivergence(student, teacher, temperature), temperature ** 2) as tf.Tensor1D;
  if (labels === undefined) return reduce(where, soft, reduction as R);
  checkTensor(where, 'labels', labels, [student.shape[0]], ['int32']);
  if (alpha === 1) return reduce(where, soft, reduction as R);
  const { known, weight } = countedLabels(where, labels);
  const hard = tf.mul(smoothedCrossEntropy(where, student, known, 0), weight) as tf.Tensor1D;
  const parts = [reduce(where, soft, reduction as R), reduceCounted(where, hard, weight, reduction as R)] as const;
  return tf.add(tf.mul(parts[0], alpha), tf.mul(parts[1], 1 - alpha)) as Reduced<R>;
}
