import * as tf from '@tensorflow/tfjs-core';
import { randomUniform, type TensorKey } from '@selfsup/ssl-tensor';

/** Added to each probability, as in `models/blip_pretrain.py` of salesforce/BLIP. */
const floor = 1e-4;
/** Below the smallest number above 0 that `randomUniform` gives. */
const smallest = 2 ** -25;

/** Result of {@link hardNegatives}. */
export interface HardNegatives {
  /** int32 `[batch]`: the row that was taken for each. */
  readonly rows: tf.Tensor1D;
  /** `[batch]`, 1 = is a negative; 0 where every other row is of the same text. */
  readonly weight: tf.Tensor1D;
}

/**
 * A row of the batch for each that is not its own, drawn with probabilities `softmax(similarities) + 1e-4`: the more alike,
 * the more often. Rows of the same text are never taken, since they would be no negatives.
 *
 * @param similarities over the temperature, `[batch, batch]`
 * @param same bool `[batch, batch]`: true where the texts are the same; the diagonal is
 * @param key of the draw; left out: the most alike is taken
 * Source: Li et al. 2021 (ALBEF), arXiv 2107.07651, section 3.2; the draw is Gumbel's, of explicit random numbers.
 */
export function hardNegatives(similarities: tf.Tensor2D, same: tf.Tensor2D, key?: TensorKey): HardNegatives {
  const other = tf.cast(tf.logicalNot(same), 'float32');
  const logits = tf.log(tf.add(tf.softmax(similarities), floor));
  const noise = (): tf.Tensor =>
    tf.neg(tf.log(tf.neg(tf.log(tf.maximum(randomUniform(key!, similarities.shape), smallest)))));
  const drawn = key === undefined ? logits : tf.add(logits, noise());
  return {
    rows: tf.argMax(tf.sub(drawn, tf.mul(tf.sub(1, other), 1e9)), 1),
    weight: tf.max(other, 1),
  };
}

/**
 * Which texts of a batch are the same, id for id.
 *
 * @param ids int32 `[batch, tokens]`
 * @returns bool `[batch, batch]`
 */
export function sameTexts(ids: tf.Tensor): tf.Tensor2D {
  const [batch, tokens] = ids.shape as [number, number];
  const equal = tf.equal(tf.reshape(ids, [batch, 1, tokens]), tf.reshape(ids, [1, batch, tokens]));
  return tf.all(equal, 2) as tf.Tensor2D;
}
