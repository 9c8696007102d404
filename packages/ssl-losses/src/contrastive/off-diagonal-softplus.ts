import * as tf from '@tensorflow/tfjs-core';
import { rowBlocks, rowsOf, sameProducts, withoutPairs, type RowBlock } from '../numerics/row-blocks.js';

/**
 * `sum_{j != i} log(1 + exp(a_i . b_j))`, block by block: the products are computed again for the gradient of `a`, and
 * once more for that of `b`, and none are kept.
 *
 * @param a `[n, dim]`, float32
 * @param b `[n, dim]`, float32
 * @param blockRows rows of a block; by default as {@link rowBlocks}
 * @returns `[n]`
 * @throws InvalidOptionError unless `blockRows` is a positive integer
 */
export function offDiagonalSoftplus(
  where: string,
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  blockRows: number | undefined,
): tf.Tensor1D {
  const n = a.shape[0];
  const blocks = rowBlocks(where, n, n, blockRows);
  const products = (rows: tf.Tensor2D, columns: tf.Tensor2D, block: RowBlock): tf.Tensor2D =>
    withoutPairs(tf.matMul(rowsOf(rows, block), columns, false, true), block, n);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [left, right, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([left, right]);
    const sums = blocks.map((block) => tf.tidy(() => tf.sum(tf.softplus(products(left, right, block)), 1)));
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [x, y] = saved as [tf.Tensor2D, tf.Tensor2D];
      const weights = tf.reshape(dy, [n, 1]);
      const [twice, half] = sameProducts(x, y);
      const pull = (rows: tf.Tensor2D, columns: tf.Tensor2D, into: tf.Tensor2D): tf.Tensor =>
        tf.concat(
          blocks.map((block) => tf.tidy(() => tf.matMul(tf.sigmoid(products(rows, columns, block)), into))),
          0,
        );
      return [tf.mul(pull(twice, half, y), weights), pull(half, twice, tf.mul(x, weights))];
    };
    return { value: tf.concat(sums, 0), gradFunc };
  });
  return op(a, b) as tf.Tensor1D;
}
