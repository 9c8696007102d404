import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { checkTensor } from '../numerics/check.js';

/** Logarithm of what similarities are multiplied by: a number, or a scalar tensor where it is learnt. */
export type LogScale = tf.Scalar | number;

/**
 * `min(exp(logScale), maxScale)`. Above the limit the gradient is that at the limit, so that a scale which has passed it
 * can come back.
 *
 * @throws ShapeError unless a scalar; InvalidOptionError unless `maxScale` is positive and finite
 */
export function scaleOf(where: string, logScale: LogScale, maxScale: number): tf.Scalar {
  checkPositive(where, { maxScale });
  const learnt = typeof logScale === 'number' ? tf.scalar(logScale) : logScale;
  checkTensor(where, 'logScale', learnt, []);
  const excess = stopGradient(tf.relu(tf.sub(learnt, Math.log(maxScale))));
  return tf.exp(tf.sub(learnt, excess));
}
