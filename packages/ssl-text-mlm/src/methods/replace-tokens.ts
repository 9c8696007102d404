import { randomUniform, type TensorKey, withoutGradient } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';

/** A batch whose masked places have words that a generator drew. */
export interface ReplacedTokens {
  /** int32 `[batch, tokens]`: the text, with drawn words at the masked places. */
  readonly inputIds: tf.Tensor2D;
  /** float32 `[batch, tokens]`, 1 = another word than the text's. */
  readonly replaced: tf.Tensor2D;
}

/** What is masked in a batch, and what the generator says of it. */
export interface MaskedScores {
  /** int32 `[batch, tokens]`, as the generator read it. */
  readonly inputIds: tf.Tensor;
  /** int32 `[n]`, flat indices into `batch * tokens`. */
  readonly positions: tf.Tensor;
  /** int32 `[n]`, the text's own words there. */
  readonly labels: tf.Tensor;
  /** float32 `[n]`, 1 = counts, 0 = unused place, which may repeat a position. */
  readonly weights: tf.Tensor;
  /** float32 `[n, vocabulary]`. */
  readonly logits: tf.Tensor2D;
}

/**
 * Puts a word drawn from `softmax(logits / temperature)` at every masked place: the largest of scores with Gumbel noise
 * from an explicit key. No gradient flows through it.
 *
 * Source: Clark et al. 2020, arXiv:2003.10555, section 2; Gumbel 1954 for the draw.
 */
export function replaceTokens(
  { inputIds, positions, labels, weights, logits }: MaskedScores,
  temperature: number,
  key: TensorKey,
): ReplacedTokens {
  return withoutGradient(() => {
    // Of [0, 1): the smallest number above 0 keeps the logarithm finite.
    const uniform = tf.maximum(randomUniform(key, logits.shape), 1e-12);
    const noise = tf.neg(tf.log(tf.neg(tf.log(uniform))));
    const drawn = tf.cast(tf.argMax(tf.add(tf.div(logits, temperature), noise), 1), 'int32');
    const counts = tf.cast(tf.greater(weights, 0), 'int32');
    const size = inputIds.size;
    const shape = inputIds.shape as [number, number];
    const flat = tf.reshape(inputIds, [size]) as tf.Tensor1D;
    const places = tf.reshape(positions, [-1, 1]);
    // Unused places add 0, so that it does not matter where they point to.
    const change = tf.mul(tf.sub(drawn, tf.gather(flat, positions as tf.Tensor1D)), counts);
    const differs = tf.mul(tf.cast(tf.notEqual(drawn, labels), 'int32'), counts);
    const scattered = (values: tf.Tensor): tf.Tensor => tf.scatterND(places, values, [size]);
    return {
      inputIds: tf.reshape(tf.add(flat, scattered(change)), shape),
      replaced: tf.reshape(tf.cast(scattered(differs), 'float32'), shape),
    };
  });
}
