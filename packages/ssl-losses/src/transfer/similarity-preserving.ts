import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { unitRange } from '../reconstruction/unit-range.js';

/**
 * Samples that are alike to the teacher shall be alike to the student: `|G_t - G_s|_F^2 / batch^2`, with `G` the matrix of
 * all inner products of features, its rows scaled to length 1. No gradient flows into the teacher.
 *
 * @param student activations `[batch, ...]`
 * @param teacher activations `[batch, ...]`, the same samples, any width
 * @returns scalar
 * @throws ShapeError when the shapes do not match
 * Source: Tung and Mori 2019, arXiv 1907.09682, equation 4.
 */
export function similarityPreserving(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  const where = 'similarityPreserving';
  checkTensors(where, { student, teacher });
  for (const [parameter, x] of [
    ['student', student],
    ['teacher', teacher],
  ] as const) {
    checkTensor(where, parameter, x, x.shape);
    if (x.rank < 2 || x.size === 0) throw new ShapeError(where, parameter, '[batch, ...]', `[${x.shape.join(', ')}]`);
  }
  const batch = student.shape[0]!;
  checkTensor(where, 'teacher', teacher, [batch, ...teacher.shape.slice(1)]);
  const similarities = (x: tf.Tensor): tf.Tensor2D => {
    const rows = unitRange(tf.reshape(x, [batch, -1]) as tf.Tensor2D);
    return l2Normalize(tf.matMul(rows, rows, false, true));
  };
  return tf.mean(tf.squaredDifference(similarities(stopGradient(teacher)), similarities(student)));
}
