import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Weights of classes as a method keeps them among its settings.
 *
 * @throws InvalidOptionError unless there is one positive, finite number for each class
 */
export function checkClassWeights(
  where: string,
  option: string,
  weights: readonly number[],
  classes: number,
): number[] {
  const isWeight = (weight: unknown): boolean => typeof weight === 'number' && Number.isFinite(weight) && weight > 0;
  if (!Array.isArray(weights) || weights.length !== classes || !weights.every(isWeight))
    throw new InvalidOptionError(where, option, `a list of ${classes} positive numbers, one for each class`, weights);
  return [...weights];
}

/**
 * Weights of places by the class of each: with them a mean is `sum_i w_c(i) loss_i / sum_i w_c(i)`, as of
 * `torch.nn.functional.cross_entropy` with `weight`.
 *
 * @param weights `[n]`
 * @param labels int32 `[n]`; what is no class keeps its weight, and its loss says so
 * @param classWeights one for each class; undefined: all 1
 * @returns `[n]`
 */
export function classWeighted(
  weights: tf.Tensor1D,
  labels: tf.Tensor1D,
  classWeights: readonly number[] | undefined,
): tf.Tensor1D {
  if (classWeights === undefined) return weights;
  const table = tf.tensor1d([...classWeights], 'float32');
  const last = tf.scalar(classWeights.length - 1, 'int32');
  const known = tf.minimum(tf.maximum(labels, tf.scalar(0, 'int32')), last);
  return tf.mul(weights, tf.gather(table, known as tf.Tensor1D)) as tf.Tensor1D;
}
