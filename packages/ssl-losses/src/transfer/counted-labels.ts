import * as tf from '@tensorflow/tfjs-core';
import { checkInteger, noLabel } from '@selfsup/ssl-tensor/host';
import { withoutGradient } from '../numerics/without-gradient.js';

/** The label that PyTorch and Hugging Face's collators give to what does not count. */
export const usualIgnoreIndex = -100;

/** @throws InvalidOptionError unless `ignoreIndex` is an integer */
export function checkIgnoreIndex(where: string, ignoreIndex: number): void {
  checkInteger(where, 'ignoreIndex', ignoreIndex);
}

/** Which labels count. */
interface CountedLabelOptions {
  /** Label that does not count, besides `noLabel`. */
  readonly ignoreIndex?: number;
  /** Weights of the same shape; what has weight 0 may have any label. */
  readonly weights?: tf.Tensor | undefined;
}

/** Labels as a loss reads them. */
interface CountedLabels<T extends tf.Tensor> {
  /** The labels, 0 in the places that do not count. A label outside the classes stays: its loss is NaN. */
  readonly known: T;
  /** float32 of the same shape: the weight, 0 in the places that do not count. */
  readonly weight: T;
}

/**
 * Takes out what has no label: `noLabel` (-1), `ignoreIndex`, and what has weight 0.
 *
 * @param labels int32 of any shape
 * @throws InvalidOptionError unless `ignoreIndex` is an integer
 */
export function countedLabels<T extends tf.Tensor>(
  where: string,
  labels: T,
  { ignoreIndex = usualIgnoreIndex, weights }: CountedLabelOptions = {},
): CountedLabels<T> {
  checkIgnoreIndex(where, ignoreIndex);
  const differs = (mark: number): tf.Tensor => tf.notEqual(labels, tf.scalar(mark, 'int32'));
  const labelled = tf.logicalAnd(differs(noLabel), differs(ignoreIndex));
  const share = tf.cast(labelled, 'float32') as T;
  const counted =
    weights === undefined
      ? share
      : tf.mul(
          share,
          withoutGradient(weights, (w) => tf.cast(tf.notEqual(w, 0), 'float32')),
        );
  return {
    known: tf.mul(labels, tf.cast(counted, 'int32')) as T,
    weight: weights === undefined ? share : (tf.mul(share, weights) as T),
  };
}

/** Whether labels are classes: bool of the same shape. Without `classes`, any number from 0 on is one. */
const inside = (known: tf.Tensor, classes: number | undefined): tf.Tensor =>
  classes === undefined ? tf.greaterEqual(known, 0) : tf.logicalAnd(tf.greaterEqual(known, 0), tf.less(known, classes));

/**
 * The labels, 0 for those outside the classes: safe as indices. Use it beside something that is NaN for them.
 *
 * @param known int32 of any shape
 */
export function withinClasses<T extends tf.Tensor>(known: T, classes: number): T {
  return tf.mul(known, tf.cast(inside(known, classes), 'int32')) as T;
}

/** 1 for labels of the classes, NaN for others: float32 of the same shape. */
export function nanOutside<T extends tf.Tensor>(known: T, classes?: number): T {
  return tf.where(inside(known, classes), tf.ones(known.shape), tf.fill(known.shape, NaN)) as T;
}
