import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from '../numerics/check.js';

/**
 * Mean squared distance of all views from the centre of the global ones.
 *
 * @param globalViews `[globalViews, batch, dim]`
 * @param localViews `[localViews, batch, dim]`
 * @returns all views, global first, `[views, batch, dim]`, and the scalar distance
 * @throws ShapeError when the shapes do not match
 * Source: Balestriero and LeCun 2025, arXiv 2511.08544; Wu et al. 2026, arXiv 2606.02572, equation 8.
 */
export function viewInvariance(
  where: string,
  globalViews: tf.Tensor3D,
  localViews: tf.Tensor3D,
): { readonly views: tf.Tensor3D; readonly distance: tf.Scalar } {
  checkTensor(where, 'globalViews', globalViews, ['views', 'batch', 'dim']);
  checkTensor(where, 'localViews', localViews, ['views', ...globalViews.shape.slice(1)]);
  const views = tf.concat([globalViews, localViews], 0);
  // Not tf.squaredDifference: its gradient does not sum over broadcast axes.
  return { views, distance: tf.mean(tf.square(tf.sub(views, tf.mean(globalViews, 0, true)))) };
}
