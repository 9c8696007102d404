import { checkCount } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';

/** In place of the product of a pair that must not count: its exponential is 0 beside every other number. */
export const excluded = -3e38;

/** Rows `from` to `from + count` of a matrix. */
export interface RowBlock {
  readonly from: number;
  readonly count: number;
}

/** Numbers of a block's products: 16 MiB, of which a handful are alive at a time. */
const blockSize = 2 ** 22;

/** Products of fewer rows spend their time on laying out the other factor. */
const leastRows = 256;

/**
 * Cuts a matrix of products into blocks of rows.
 *
 * @param blockRows rows of a block; by default as many as make 4 million numbers, 256 or more
 * @throws InvalidOptionError unless `blockRows` is a positive integer
 */
export function rowBlocks(where: string, rows: number, columns: number, blockRows: number | undefined): RowBlock[] {
  if (blockRows !== undefined) checkCount(where, { blockRows });
  const height = blockRows ?? Math.max(leastRows, Math.floor(blockSize / Math.max(1, columns)));
  return Array.from({ length: Math.ceil(rows / height) }, (_, index) => ({
    from: index * height,
    count: Math.min(height, rows - index * height),
  }));
}

/** The rows of a block. */
export function rowsOf(x: tf.Tensor2D, { from, count }: RowBlock): tf.Tensor2D {
  return tf.slice(x, [from, 0], [count, x.shape[1]]);
}

/**
 * Products without those of rows that coincide modulo `period`: with the number of rows, without a row's own.
 * Written over by index, because a mask would be a constant of the products' size.
 */
export function withoutPairs(products: tf.Tensor2D, { from, count }: RowBlock, period: number): tf.Tensor2D {
  const columns = products.shape[1];
  const places: number[] = [];
  for (let row = 0; row < count; row++)
    for (let column = (from + row) % period; column < columns; column += period) places.push(row, column);
  const indices = tf.tensor2d(places, [places.length / 2, 2], 'int32');
  const values = tf.mul(tf.ones([places.length / 2]), excluded);
  return tf.tensorScatterUpdate(products, indices, values) as tf.Tensor2D;
}

/** The largest number of each row and the sum of exponentials above it, `[count, 2]`. */
export function shiftedSum(products: () => tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const scores = products();
    const shift = tf.max<tf.Tensor2D>(scores, 1, true);
    return tf.concat([shift, tf.sum<tf.Tensor2D>(tf.exp(tf.sub(scores, shift)), 1, true)], 1);
  });
}

/** The two columns of all blocks' rows, `[n, 1]` each. */
export function columnsOf(parts: readonly tf.Tensor2D[]): [tf.Tensor2D, tf.Tensor2D] {
  const whole = tf.concat([...parts], 0);
  const n = whole.shape[0];
  return [tf.slice(whole, [0, 0], [n, 1]), tf.slice(whole, [0, 1], [n, 1])];
}

/**
 * Factors whose products are those of `a` and `b` to the bit, and not the same nodes: the runtime would notice that a
 * gradient repeats the products of the forward pass, and keep those of all blocks for it.
 */
export function sameProducts(a: tf.Tensor2D, b: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  return [tf.mul(a, 2), tf.mul(b, 0.5)];
}
