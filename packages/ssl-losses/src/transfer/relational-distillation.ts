import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { smoothAbsolute } from '../reconstruction/smooth-absolute.js';

/** Options of {@link relationalDistillation}. */
export interface RelationalDistillationOptions {
  /** Weight of the distances between pairs. */
  readonly distanceWeight?: number;
  /** Weight of the angles of triplets. */
  readonly angleWeight?: number;
}

const relationalDistillationOptionNames: OptionNames<RelationalDistillationOptions> = {
  distanceWeight: 'optionalNumber',
  angleWeight: 'optionalNumber',
};

/** Defaults of {@link relationalDistillation}: arXiv 1904.05068 (classification), 25 and 50. */
export const relationalDistillationDefaults = { distanceWeight: 25, angleWeight: 50 } as const;

/** Squared distances are not taken for less, so that the slope of their root stays finite. */
const nearest = 1e-12;

/**
 * The student's features keep the teacher's relations: smooth L1 of all pairs' distances, each net's divided by their
 * mean, and of the cosines of all triplets' angles. No gradient flows into the teacher.
 *
 * @param student `[batch, dim]`, two rows or more
 * @param teacher `[batch, dim of the teacher]`
 * @returns scalar
 * @throws ShapeError when the shapes do not match or there is one row; InvalidOptionError for options
 * Source: Park et al. 2019 (RKD), arXiv 1904.05068; the means over all pairs and all triplets, equal
 * ones included, as in the authors' code. Angles hold `batch^2 * dim` and `batch^3` numbers: weight 0 leaves them out.
 */
export function relationalDistillation(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  options: RelationalDistillationOptions = {},
): tf.Scalar {
  const where = 'relationalDistillation';
  const { distanceWeight, angleWeight } = {
    ...relationalDistillationDefaults,
    ...checkOptions('relationalDistillation', options, relationalDistillationOptionNames),
  };
  checkTensor(where, 'student', student, ['batch', 'dim']);
  const batch = student.shape[0];
  checkTensor(where, 'teacher', teacher, [batch, 'dim']);
  if (batch < 2) throw new ShapeError(where, 'student', 'two or more rows', `[${student.shape.join(', ')}]`);
  checkNonNegative(where, { distanceWeight, angleWeight });
  if (distanceWeight + angleWeight === 0)
    throw new InvalidOptionError(where, 'angleWeight', 'positive where distanceWeight is 0', angleWeight);

  const wanted = stopGradient(teacher);
  const apart = (relation: (x: tf.Tensor) => tf.Tensor): tf.Scalar =>
    tf.mean(smoothAbsolute(tf.sub(relation(differences(student)), relation(differences(wanted))), 1));
  const terms: tf.Scalar[] = [];
  if (distanceWeight > 0) terms.push(tf.mul(apart(relativeDistances), distanceWeight));
  if (angleWeight > 0) terms.push(tf.mul(apart(angles), angleWeight));
  return tf.addN(terms);
}

/** `x_j - x_i`, `[batch, batch, dim]`: exact where rows are close, unlike distances from inner products. */
function differences(x: tf.Tensor2D): tf.Tensor {
  return tf.sub(tf.expandDims(x, 0), tf.expandDims(x, 1));
}

/** Distances of all pairs, divided by their mean over pairs of two; `[batch, batch]`. */
function relativeDistances(apart: tf.Tensor): tf.Tensor {
  const batch = apart.shape[0]!;
  const places = tf.range(0, batch, 1, 'int32');
  const others = tf.cast(tf.notEqual(tf.expandDims(places, 0), tf.expandDims(places, 1)), 'float32');
  const distances = tf.mul(tf.sqrt(tf.maximum(tf.sum(tf.square(apart), 2), nearest)), others);
  return tf.div(distances, tf.mul(tf.sum(distances), 1 / (batch * (batch - 1))));
}

/** Cosine of the angle at `i` between `j` and `k`, `[batch, batch, batch]`. */
function angles(apart: tf.Tensor): tf.Tensor {
  const directions = tf.reshape(l2Normalize(tf.reshape(apart, [-1, apart.shape[2]!])), apart.shape);
  return tf.matMul(directions, directions, false, true);
}
