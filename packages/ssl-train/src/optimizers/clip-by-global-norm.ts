import * as tf from '@tensorflow/tfjs-core';
import { channelSums } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Result of {@link clipByGlobalNorm}. */
export interface ClippedGradients {
  /** By the same names. */
  readonly gradients: tf.NamedTensorMap;
  /** Norm before clipping, float32 scalar. */
  readonly norm: tf.Scalar;
}

/**
 * Scales all gradients by one factor so that their joint Euclidean norm is at most `maxNorm`:
 * `g * min(1, maxNorm / (norm + 1e-6))`. Runs eagerly or inside `compile()`.
 *
 * Source: Pascanu et al. 2012, arXiv 1211.5063; `torch.nn.utils.clip_grad_norm_`.
 *
 * @param gradients float32 tensors of any shape, at least one
 * @param maxNorm greater than 0
 * @throws InvalidOptionError when `maxNorm` is not greater than 0 or there is no gradient
 */
export function clipByGlobalNorm(gradients: tf.NamedTensorMap, maxNorm: number): ClippedGradients {
  if (!(maxNorm > 0)) throw new InvalidOptionError('clipByGlobalNorm', 'maxNorm', 'a number > 0', maxNorm);
  const entries = Object.entries(gradients);
  if (entries.length === 0)
    throw new InvalidOptionError('clipByGlobalNorm', 'gradients', 'at least one tensor', 'none');
  // In blocks, which leave no tensor of the gradient's size behind.
  const squares = entries.map(([, gradient]) => {
    const [sum] = channelSums([tf.reshape(gradient, [gradient.size, 1])], (column) => [tf.square(column)]);
    return tf.reshape(sum, []);
  });
  const norm = tf.sqrt(tf.addN(squares)) as tf.Scalar;
  const factor = tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
  return { gradients: Object.fromEntries(entries.map(([name, gradient]) => [name, tf.mul(gradient, factor)])), norm };
}
