import * as tf from '@tensorflow/tfjs-core';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { columnsOf, rowBlocks, rowsOf, sameProducts, shiftedSum } from '../numerics/row-blocks.js';

/**
 * `log(sum_j exp(a_i . b_j))`. Where one block does not hold all products, block by block as
 * {@link ownLogSumExp}: those for the gradient of `a` in blocks of its rows, those for the gradient of `b` in blocks of
 * its own, which computes the products a third time and keeps none.
 *
 * @param a `[n, dim]`, float32
 * @param b `[m, dim]`, float32
 * @param blockRows rows of a block; by default as {@link rowBlocks}
 * @returns `[n]`
 * @throws InvalidOptionError unless `blockRows` is a positive integer
 */
export function productLogSumExp(
  where: string,
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  blockRows: number | undefined,
): tf.Tensor1D {
  const [n, m] = [a.shape[0], b.shape[0]];
  const blocks = rowBlocks(where, n, m, blockRows);
  if (blocks.length <= 1) return logSumExpRows(tf.matMul(a, b, false, true));
  const otherBlocks = rowBlocks(where, m, n, blockRows);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [left, right, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const parts = blocks.map((block) => shiftedSum(() => tf.matMul(rowsOf(left, block), right, false, true)));
    const [shifts, totals] = columnsOf(parts);
    const value = tf.reshape(tf.add(tf.log(totals), shifts), [n]);
    save([left, right, shifts, totals]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [x, y, shift, total] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const weights = tf.div(tf.reshape(dy, [n, 1]), total);
      const [twice, half] = sameProducts(x, y);
      const inX = blocks.map((block) =>
        tf.tidy(() => {
          const scores = tf.matMul(rowsOf(twice, block), half, false, true);
          return tf.matMul(tf.exp(tf.sub(scores, rowsOf(shift, block))) as tf.Tensor2D, y);
        }),
      );
      const [shiftAlong, weighted] = [tf.transpose(shift), tf.mul(x, weights) as tf.Tensor2D];
      const inY = otherBlocks.map((block) =>
        tf.tidy(() => {
          const scores = tf.matMul(rowsOf(half, block), twice, false, true);
          return tf.matMul(tf.exp(tf.sub(scores, shiftAlong)) as tf.Tensor2D, weighted);
        }),
      );
      return [tf.mul(tf.concat(inX, 0), weights), tf.concat(inY, 0)];
    };
    return { value, gradFunc };
  });
  return op(a, b) as tf.Tensor1D;
}
