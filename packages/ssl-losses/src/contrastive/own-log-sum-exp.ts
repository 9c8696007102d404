import * as tf from '@tensorflow/tfjs-core';
import { columnsOf, rowsOf, sameProducts, shiftedSum, withoutPairs, type RowBlock } from '../numerics/row-blocks.js';

/** What {@link ownLogSumExp} leaves out, and how it is cut. */
interface OwnLogSumExpOptions {
  /** Rows `i` and `j` are no pair where `i = j` modulo this: the number of rows leaves out a row's product with itself. */
  readonly period: number;
  readonly blocks: readonly RowBlock[];
}

/**
 * `log(sum_j exp(x_i . x_j))` over the rows `j` that do not coincide with `i` modulo `period`.
 *
 * Block of rows by block of rows, and once more for the gradient, so that memory grows with the rows and not with their
 * square: what the gradient needs of the products is the largest one and the sum of each row (Dao et al. 2022, arXiv
 * 2205.14135). The products are symmetric, so the gradient of a block takes one matrix product besides theirs:
 * `dx_i = sum_j (p_ij dy_i + p_ji dy_j) x_j` with `p_ij = exp(x_i . x_j - y_i)`.
 *
 * @param x `[n, dim]`, float32
 * @returns `[n]`
 */
export function ownLogSumExp(x: tf.Tensor2D, { period, blocks }: OwnLogSumExpOptions): tf.Tensor1D {
  const [rows] = x.shape;
  const products = (left: tf.Tensor2D, right: tf.Tensor2D, block: RowBlock): tf.Tensor2D =>
    withoutPairs(tf.matMul(rowsOf(left, block), right, false, true), block, period);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [source, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const parts = blocks.map((block) => shiftedSum(() => products(source, source, block)));
    const [shifts, totals] = columnsOf(parts);
    const value = tf.reshape(tf.add(tf.log(totals), shifts), [rows]);
    save([source, shifts, totals]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [features, shift, total] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const weights = tf.div(tf.reshape(dy, [rows, 1]), total) as tf.Tensor2D;
      const [shiftAlong, weightsAlong] = [tf.transpose(shift), tf.transpose(weights)];
      const [twice, half] = sameProducts(features, features);
      const gradients = blocks.map((block) =>
        tf.tidy(() => {
          const scores = products(twice, half, block);
          const own = tf.mul(tf.exp(tf.sub(scores, rowsOf(shift, block))), rowsOf(weights, block));
          const others = tf.mul(tf.exp(tf.sub(scores, shiftAlong)), weightsAlong);
          return tf.matMul(tf.add(own, others) as tf.Tensor2D, features);
        }),
      );
      return tf.concat(gradients, 0);
    };
    return { value, gradFunc };
  });
  return op(x) as tf.Tensor1D;
}
