import * as tf from '@tensorflow/tfjs-core';
import { featureStd } from './feature-std.js';

/**
 * How far features have collapsed to a point: `max(0, 1 - sqrt(dim) * featureStd(z))`; 1 = all rows point the same way,
 * 0 = spread as evenly as isotropic features.
 *
 * @param z `[batch, dim]`, two or more rows
 * @returns scalar in `[0, 1]`
 * @throws ShapeError on another rank or fewer rows
 * Source: Chen and He 2021 (SimSiam), arXiv 2011.10566; the level as in lightly's SimSiam example.
 */
export function collapseLevel(z: tf.Tensor2D): tf.Scalar {
  return tf.relu(tf.sub(1, tf.mul(featureStd(z), Math.sqrt(z.shape[1]))));
}
