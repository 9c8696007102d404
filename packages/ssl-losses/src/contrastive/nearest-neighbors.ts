import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';

/**
 * The row of a support set with the largest cosine to each feature. No gradient flows through it.
 *
 * @param z `[batch, dim]`
 * @param support `[size, dim]`, such as {@link FeatureQueue.features}
 * @returns `[batch, dim]`, rows of `support` as they are; of equally near ones the first
 * @throws ShapeError when the shapes do not match or the support set is empty
 * Source: Dwibedi et al. 2021, arXiv 2104.14548; as lightly's `NNMemoryBankModule`.
 */
export function nearestNeighbors(z: tf.Tensor2D, support: tf.Tensor2D): tf.Tensor2D {
  checkTensor('nearestNeighbors', 'z', z, ['batch', 'dim']);
  checkTensor('nearestNeighbors', 'support', support, ['size', z.shape[1]]);
  if (support.shape[0] === 0) throw new ShapeError('nearestNeighbors', 'support', 'one or more rows', '0 rows');
  // As one op without gradient: TF.js asks gather for one in its indices.
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [features, rows] = args as [tf.Tensor2D, tf.Tensor2D];
    // The length of a feature does not change which row is nearest.
    const cosines = tf.matMul(features, l2Normalize(rows), false, true);
    const value = tf.gather(rows, tf.argMax(cosines, 1) as tf.Tensor1D);
    const gradFunc = (): tf.Tensor[] => [tf.zeros(z.shape), tf.zeros(support.shape)];
    return { value, gradFunc };
  });
  return op(z, support) as tf.Tensor2D;
}
