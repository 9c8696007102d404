import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';

/**
 * `KL(softmax(teacher / T) || softmax(student / T))` of each row; no gradient flows into the teacher.
 *
 * @param student `[n, classes]`
 * @param teacher `[n, classes]`
 * @returns `[n]`, nats
 */
export function softDivergence(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number): tf.Tensor1D {
  const wanted = tf.logSoftmax(tf.mul(stopGradient(teacher), 1 / temperature));
  const given = tf.logSoftmax(tf.mul(student, 1 / temperature));
  return tf.sum(tf.mul(tf.exp(wanted), tf.sub(wanted, given)), 1);
}
