import * as tf from '@tensorflow/tfjs-core';
import { noLabel } from '@selfsup/ssl-tensor/host';
import { usualIgnoreIndex } from '../transfer/counted-labels.js';
import { withoutGradient } from '../numerics/without-gradient.js';

/** How far rounding may take a target out of `[0, 1]`. */
const slack = 1e-6;

/** Targets of independent bits as a loss reads them. */
interface CountedBits<T extends tf.Tensor> {
  /** The targets, 0 where there is none. */
  readonly known: T;
  /** float32 of the same shape: 1, 0 for a bit without label, NaN for a target outside `[0, 1]`. */
  readonly weight: T;
}

/**
 * Takes out the bits of several labels that nobody has looked at: -1 (`noLabel`), as some data sets have it for
 * 'unknown', and -100. A target outside `[0, 1]` is none, and makes the loss NaN.
 *
 * @param targets float32 of any shape
 */
export function countedBits<T extends tf.Tensor>(targets: T): CountedBits<T> {
  const share = withoutGradient(targets, (t) =>
    tf.cast(tf.logicalAnd(tf.notEqual(t, noLabel), tf.notEqual(t, usualIgnoreIndex)), 'float32'),
  );
  const known = tf.mul(targets, share) as T;
  const valid = withoutGradient(known, (t) =>
    tf.where(
      tf.logicalAnd(tf.greaterEqual(t, -slack), tf.lessEqual(t, 1 + slack)),
      tf.ones(t.shape),
      tf.fill(t.shape, NaN),
    ),
  );
  return { known, weight: tf.mul(share, valid) as T };
}
