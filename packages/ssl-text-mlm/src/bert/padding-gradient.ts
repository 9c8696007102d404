import * as tf from '@tensorflow/tfjs-core';

/**
 * Vectors as they are, through which no gradient flows to those of padding, as PyTorch's `Embedding` with `padding_idx`
 * has it: the row of the padding stays what it is.
 *
 * @param vectors `[batch, tokens, width]`
 * @param ids int32 `[batch, tokens]`
 * @param padId id of the padding
 */
export function withoutPaddingGradient(vectors: tf.Tensor, ids: tf.Tensor, padId: number): tf.Tensor {
  const tokens = tf.cast(tf.notEqual(ids, tf.scalar(padId, 'int32')), 'float32');
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, mask, save] = args as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([mask]);
    return {
      value: tf.clone(x),
      gradFunc: (dy: tf.Tensor, [kept]: tf.Tensor[]) => [tf.mul(dy, kept!), tf.zerosLike(kept!)],
    };
  });
  return op(vectors, tf.expandDims(tokens, -1));
}
