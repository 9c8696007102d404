import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { checkIgnoreIndex, countedLabels, nanOutside, usualIgnoreIndex } from './counted-labels.js';
import { oneHot } from './one-hot.js';
import { reduceWeighted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** How predictions and targets are compared class by class. */
export interface ClassOverlapOptions {
  /** What makes probabilities of the prediction: over classes, of each class, or nothing since they are some. */
  readonly activation?: 'softmax' | 'sigmoid' | 'none';
  /** Count class 0. */
  readonly includeBackground?: boolean;
  /** Sum over the batch before dividing, rather than dividing in each sample. */
  readonly batch?: boolean;
  /** Another label of places that do not count, besides -1; for integer targets. */
  readonly ignoreIndex?: number;
}

/** Names of {@link ClassOverlapOptions}. */
export const classOverlapOptionNames: OptionNames<ClassOverlapOptions> = {
  activation: 'optional',
  includeBackground: 'optionalFlag',
  batch: 'optionalFlag',
  ignoreIndex: 'optionalNumber',
};

/** Sums over places: `[batch, classes]`, or `[1, classes]` over the whole batch. */
interface ClassOverlap {
  readonly intersection: tf.Tensor2D;
  readonly predicted: tf.Tensor2D;
  readonly truth: tf.Tensor2D;
  /** How many places count, `[batch]` or `[1]`. */
  readonly places: tf.Tensor1D;
}

/** Defaults of the dice losses' comparison: MONAI's, but for the softmax, since models give logits. */
export const classOverlapDefaults = {
  activation: 'softmax',
  includeBackground: true,
  batch: false,
  ignoreIndex: usualIgnoreIndex,
} as const;

/**
 * `sum p t`, `sum p^k` and `sum t^k` over the places of each class.
 *
 * @param prediction `[batch, ..., classes]`
 * @param target int32 `[batch, ...]`, or probabilities `[batch, ..., classes]`. A label that is neither a class nor -1 nor
 *   `ignoreIndex` makes the sums NaN
 * @param power `k`, 1 or 2
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 */
export function classOverlap(
  where: string,
  prediction: tf.Tensor,
  target: tf.Tensor,
  given: ClassOverlapOptions,
  power: 1 | 2,
): ClassOverlap {
  const { activation, includeBackground, batch, ignoreIndex } = { ...classOverlapDefaults, ...given };
  checkChoice(where, 'activation', activation, ['softmax', 'sigmoid', 'none']);
  checkIgnoreIndex(where, ignoreIndex);
  if (prediction.rank < 2 || prediction.size === 0)
    throw new ShapeError(where, 'prediction', '[batch, ..., classes]', `[${prediction.shape.join(', ')}]`);
  checkTensor(where, 'prediction', prediction, prediction.shape);
  const classes = prediction.shape[prediction.rank - 1]!;
  if (!includeBackground && classes < 2)
    throw new ShapeError(where, 'prediction', 'two or more classes without the background', `${classes}`);
  const integers = target.dtype === 'int32';
  checkTensor(where, 'target', target, integers ? prediction.shape.slice(0, -1) : prediction.shape, [
    'float32',
    'int32',
  ]);

  const [samples, places] = [prediction.shape[0]!, prediction.size / classes / prediction.shape[0]!];
  const scores = tf.reshape(prediction, [samples, places, classes]);
  let p = activation === 'softmax' ? tf.softmax(scores) : activation === 'sigmoid' ? tf.sigmoid(scores) : scores;
  let t = tf.reshape(target, [samples, places, -1]);
  let counts: tf.Tensor = tf.mul(tf.ones([samples]), places);
  if (integers) {
    const { known, weight: share } = countedLabels(where, t, { ignoreIndex });
    const weight = tf.mul(share, nanOutside(known, classes));
    t = tf.mul(oneHot(tf.reshape(known, [samples, places]), classes), weight) as tf.Tensor3D;
    p = tf.mul(p, weight);
    counts = tf.sum(weight, [1, 2]);
  }
  const sums = (x: tf.Tensor): tf.Tensor2D => {
    const all = tf.sum(x, batch ? [0, 1] : 1);
    const rows = tf.reshape(all, [batch ? 1 : samples, classes]) as tf.Tensor2D;
    return includeBackground ? rows : tf.slice(rows, [0, 1], [-1, classes - 1]);
  };
  const raised = (x: tf.Tensor): tf.Tensor => (power === 2 ? tf.square(x) : x);
  return {
    intersection: sums(tf.mul(p, t)),
    predicted: sums(raised(p)),
    truth: sums(raised(t)),
    places: (batch ? tf.sum(counts, 0, true) : counts) as tf.Tensor1D,
  };
}

/**
 * The loss of each sample, or of the batch as one, as one number: a sample of which no place counts has no loss. Its loss is
 * NaN under `none`, the mean leaves it out, and mean and sum are NaN where no sample has one.
 */
export function reduceOverlap<R extends Reduction>(
  where: string,
  losses: tf.Tensor1D,
  places: tf.Tensor1D,
  reduction: R,
): Reduced<R> {
  // NaN places, of a label outside the classes, stay NaN.
  const counted = tf.mul(tf.cast(tf.notEqual(places, 0), 'float32'), tf.div(tf.add(places, 1), tf.add(places, 1)));
  return reduceWeighted(where, tf.expandDims(losses, 1), tf.expandDims(counted, 1), reduction);
}
