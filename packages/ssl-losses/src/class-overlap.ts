import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from 'ssl-tensor/host';
import { checkChoice } from './check-choice.js';
import { checkTensor } from './check.js';

/** How predictions and targets are compared class by class. */
export interface ClassOverlapOptions {
  /** What makes probabilities of the prediction: over classes, of each class, or nothing since they are some. */
  readonly activation?: 'softmax' | 'sigmoid' | 'none';
  /** Count class 0. */
  readonly includeBackground?: boolean;
  /** Sum over the batch before dividing, rather than dividing in each sample. */
  readonly batch?: boolean;
  /** Label of places that do not count; for integer targets. */
  readonly ignoreIndex?: number;
}

/** Sums over places: `[batch, classes]`, or `[1, classes]` over the whole batch. */
interface ClassOverlap {
  readonly intersection: tf.Tensor2D;
  readonly predicted: tf.Tensor2D;
  readonly truth: tf.Tensor2D;
}

/** Defaults of the dice losses' comparison: MONAI's, but for the softmax, since models give logits. */
export const classOverlapDefaults = {
  activation: 'softmax',
  includeBackground: true,
  batch: false,
  ignoreIndex: -100,
} as const;

/**
 * `sum p t`, `sum p^k` and `sum t^k` over the places of each class.
 *
 * @param prediction `[batch, ..., classes]`
 * @param target int32 `[batch, ...]`, or probabilities `[batch, ..., classes]`
 * @param power `k`, 1 or 2
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 */
export function classOverlap(
  where: string,
  prediction: tf.Tensor,
  target: tf.Tensor,
  options: ClassOverlapOptions,
  power: 1 | 2,
): ClassOverlap {
  const { activation, includeBackground, batch, ignoreIndex } = { ...classOverlapDefaults, ...options };
  checkChoice(where, 'activation', activation, ['softmax', 'sigmoid', 'none']);
  if (!Number.isSafeInteger(ignoreIndex)) throw new InvalidOptionError(where, 'ignoreIndex', 'an integer', ignoreIndex);
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
  if (integers) {
    const counted = tf.cast(tf.notEqual(t, tf.scalar(ignoreIndex, 'int32')), 'int32');
    const weight = tf.cast(counted, 'float32');
    const known = tf.reshape(tf.mul(t, counted), [samples, places]) as tf.Tensor2D;
    t = tf.mul(tf.cast(tf.oneHot(known, classes), 'float32'), weight) as tf.Tensor3D;
    p = tf.mul(p, weight);
  }
  const sums = (x: tf.Tensor): tf.Tensor2D => {
    const all = tf.sum(x, batch ? [0, 1] : 1);
    const rows = tf.reshape(all, [batch ? 1 : samples, classes]) as tf.Tensor2D;
    return includeBackground ? rows : tf.slice(rows, [0, 1], [-1, classes - 1]);
  };
  const raised = (x: tf.Tensor): tf.Tensor => (power === 2 ? tf.square(x) : x);
  return { intersection: sums(tf.mul(p, t)), predicted: sums(raised(p)), truth: sums(raised(t)) };
}
