import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { reduceElements } from '../numerics/reduce-elements.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { smoothAbsolute } from '../reconstruction/smooth-absolute.js';

/** Options of {@link featureDistillation}. */
export interface FeatureDistillationOptions<R extends Reduction = Reduction> {
  /** Mean squared error, smooth L1 with beta 1, or `1 - cosine` along the last axis. */
  readonly distance?: 'mse' | 'smoothL1' | 'cosine';
  readonly reduction?: R;
}

const featureDistillationOptionNames: OptionNames<FeatureDistillationOptions> = {
  distance: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link featureDistillation}: FitNets' squared error, arXiv 1412.6550. */
export const featureDistillationDefaults = { distance: 'mse', reduction: 'mean' } as const;

/**
 * A student's features follow a teacher's. Where their widths differ, a layer of the student's (FitNets' regressor) maps
 * one to the other first. No gradient flows into the teacher.
 *
 * @param student `[batch, ..., dim]`
 * @param teacher `[batch, ..., dim]`
 * @returns scalar, the mean over all elements (`cosine`: over all vectors), or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Romero et al. 2014 (FitNets), arXiv 1412.6550, as a mean instead of half the sum.
 */
export function featureDistillation<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: FeatureDistillationOptions<R> = {},
): Reduced<R> {
  const where = 'featureDistillation';
  const { distance, reduction } = {
    ...featureDistillationDefaults,
    ...checkOptions('featureDistillation', options, featureDistillationOptionNames),
  };
  checkTensors(where, { student });
  checkChoice(where, 'distance', distance, ['mse', 'smoothL1', 'cosine']);
  if (student.rank < 2) checkTensor(where, 'student', student, ['batch', 'dim']);
  checkTensor(where, 'student', student, student.shape);
  checkTensor(where, 'teacher', teacher, student.shape);
  const wanted = stopGradient(teacher);
  return reduceElements(where, distances[distance](student, wanted), 'mean', reduction as R);
}

const distances = {
  mse: (student: tf.Tensor, teacher: tf.Tensor): tf.Tensor => tf.squaredDifference(student, teacher),
  smoothL1: (student: tf.Tensor, teacher: tf.Tensor): tf.Tensor => smoothAbsolute(tf.sub(student, teacher), 1),
  cosine: (student: tf.Tensor, teacher: tf.Tensor): tf.Tensor => {
    const [batch, dim] = [student.shape[0]!, student.shape[student.rank - 1]!];
    const unit = (x: tf.Tensor): tf.Tensor2D => l2Normalize(tf.reshape(x, [-1, dim]));
    const cosine = tf.sum(tf.mul(unit(student), unit(teacher)), 1);
    return tf.reshape(tf.sub(1, cosine), [batch, -1]);
  },
} as const;
