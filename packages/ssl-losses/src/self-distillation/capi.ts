import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, nanOutside, withinClasses } from '../transfer/counted-labels.js';
import { reduceWeighted } from '../numerics/reduce-weighted.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { balance } from './sinkhorn.js';
import { fixedTargetCrossEntropy } from '../transfer/fixed-target-cross-entropy.js';
import { takePlaces } from '../dense/take-places.js';

/** Options of {@link capi}. */
export interface CapiOptions<R extends Reduction = Reduction> {
  /** Divisor of the teacher's logits, positive. */
  readonly teacherTemperature?: number;
  /** Divisor of the student's logits, positive. */
  readonly studentTemperature?: number;
  /** Rounds of balancing, 1 or more. */
  readonly sinkhornIterations?: number;
  /**
   * Which of the teacher's tokens the student predicts, int32 `[batch, predicted]`, -1 (or -100) for places that do not
   * count. Default all, in order.
   */
  readonly teacherIndex?: tf.Tensor2D;
  readonly reduction?: R;
}

const capiOptionNames: OptionNames<CapiOptions> = {
  teacherTemperature: 'optionalNumber',
  studentTemperature: 'optionalNumber',
  sinkhornIterations: 'optionalNumber',
  teacherIndex: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link capi}: lightly's `CAPILoss`, after the code of arXiv 2502.08769. */
export const capiDefaults = {
  teacherTemperature: 0.06,
  studentTemperature: 0.12,
  sinkhornIterations: 3,
  reduction: 'mean',
} as const;

/**
 * Prediction of clusters of patches: the mean over images and predicted tokens of
 * `H(q, softmax(student / studentTemperature))`. The assignments `q` are the teacher's, balanced over the batch at each
 * position by itself, so that a cluster cannot stand for a position.
 *
 * With the teacher's own logits as `student` it trains the clusters.
 *
 * @param teacher cluster logits `[batch, tokens, k]`; no gradient flows into them
 * @param student cluster logits of the predicted tokens `[batch, predicted, k]`
 * @returns scalar in nats, or `[batch]`, means over tokens, with reduction `none`; NaN where the teacher has no such token
 *   and where no place counts, under `none` none of the image
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Darcet et al. 2025, arXiv 2502.08769. Equal to lightly's `CAPILoss`, less the 1e-8 that it adds to the
 * sums of the balancing: those are never 0 here.
 *
 * @example
 * const logits = () => tf.randomNormal<tf.Rank.R3>([8, 4, 16]);
 * const loss = capi(logits(), logits());
 */
export function capi<R extends Reduction = 'mean'>(
  teacher: tf.Tensor3D,
  student: tf.Tensor3D,
  options: CapiOptions<R> = {},
): Reduced<R> {
  const { teacherTemperature, studentTemperature, sinkhornIterations, teacherIndex, reduction } = {
    ...capiDefaults,
    ...checkOptions('capi', options, capiOptionNames),
  };
  checkTensor('capi', 'teacher', teacher, ['batch', 'tokens', 'k']);
  const [batch, tokens, k] = teacher.shape;
  const predicted = teacherIndex === undefined ? tokens : 'predicted';
  checkTensor('capi', 'student', student, [batch, predicted, k]);
  const count = student.shape[1];
  if (teacherIndex !== undefined) checkTensor('capi', 'teacherIndex', teacherIndex, [batch, count], ['int32']);
  checkPositive('capi', { teacherTemperature, studentTemperature });
  checkCount('capi', { sinkhornIterations });

  const logits = tf.mul(stopGradient(teacher), 1 / teacherTemperature);
  const byPosition = balance(tf.transpose(logits, [1, 0, 2]) as tf.Tensor3D, sinkhornIterations);
  const assignments = tf.transpose(byPosition, [1, 0, 2]) as tf.Tensor3D;
  const rows = [batch * count, k] as [number, number];
  const scores = tf.mul(tf.reshape(student, rows), 1 / studentTemperature) as tf.Tensor2D;
  const places = (targets: tf.Tensor): tf.Tensor2D =>
    tf.reshape(fixedTargetCrossEntropy(scores, tf.reshape(targets, rows)), [batch, count]);
  if (teacherIndex === undefined) return reduce('capi', tf.mean(places(assignments), 1) as tf.Tensor1D, reduction as R);
  const { known, weight } = countedLabels('capi', teacherIndex);
  const chosen = takePlaces(assignments, withinClasses(known, tokens));
  const targets = tf.mul(chosen, tf.expandDims(nanOutside(known, tokens), 2));
  if (reduction !== 'sum') return reduceWeighted('capi', places(targets), weight, reduction as R);
  // The sum of the images' means.
  return reduce('capi', reduceWeighted('capi', places(targets), weight, 'none'), reduction as R);
}
