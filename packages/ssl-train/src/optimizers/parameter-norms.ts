import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from '@selfsup/ssl-tensor';

/** The vector cut by `sizes`, without what follows them. */
function partsOf(vector: tf.Tensor, sizes: readonly number[]): readonly tf.Tensor[] {
  const rest = vector.size - sizes.reduce((a, b) => a + b, 0);
  return tf.split(vector, rest > 0 ? [...sizes, rest] : [...sizes]).slice(0, sizes.length);
}

/**
 * Squared Euclidean norm of each parameter, per vector: `[sizes.length]`. One parameter alone is summed in blocks, all
 * vectors in one pass.
 *
 * @param vectors `[length]` each
 * @param sizes elements of each parameter, in the order they lie in the vectors
 */
export function squaredNorms(vectors: readonly tf.Tensor[], sizes: readonly number[]): readonly tf.Tensor1D[] {
  if (sizes.length === 1) {
    const columns = vectors.map((vector) => tf.reshape(vector, [vector.size, 1]));
    return channelSums(columns, (...parts) => parts.map((part) => tf.square(part)));
  }
  return vectors.map(
    (vector) => tf.stack(partsOf(vector, sizes).map((part) => tf.sum(tf.square(part)))) as tf.Tensor1D,
  );
}

/**
 * A value per parameter, repeated over its elements: a scalar for one parameter alone, else `[length]`, with zeros
 * after the last.
 *
 * @param values `[sizes.length]`
 */
export function spread(values: tf.Tensor1D, sizes: readonly number[], length: number): tf.Tensor {
  if (sizes.length === 1) return tf.reshape(values, []);
  const rest = length - sizes.reduce((a, b) => a + b, 0);
  const parts = tf.split(values, sizes.length).map((value, index) => tf.tile(value as tf.Tensor1D, [sizes[index]!]));
  return tf.concat(rest > 0 ? [...parts, tf.zeros([rest]) as tf.Tensor1D] : parts);
}
