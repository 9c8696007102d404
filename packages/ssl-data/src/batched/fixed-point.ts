import * as tf from '@tensorflow/tfjs-core';
import { ndArray, type NdArray } from '@selfsup/ssl-core';

/**
 * Matrices of whole-number weights for {@link multiplyAlong}, one per image.
 *
 * A weight of 22 or 24 bits times a level, summed, does not fit a float32. So each is written as `high 2^halfBits + low`,
 * and both products are exact: levels and half weights, summed over as much as 32 inputs, stay below 2^24.
 *
 * @param size rows (outputs) and columns (inputs) of each matrix
 * @param halfBits half the fractional bits of a weight
 * @param write adds to the weights of one image
 * @returns float32 `[batch, 2 rows, columns]`, upper halves before lower ones
 */
export function fixedPointMatrices(
  batch: number,
  [rows, columns]: readonly [rows: number, columns: number],
  halfBits: number,
  write: (image: number, add: (row: number, column: number, weight: number) => void) => void,
): NdArray<Float32Array> {
  const size = rows * columns;
  const data = new Float32Array(batch * 2 * size);
  const weights = new Int32Array(size);
  const unit = 2 ** halfBits;
  const add = (row: number, column: number, weight: number): void => {
    weights[row * columns + column]! += weight;
  };
  for (let image = 0; image < batch; image++) {
    weights.fill(0);
    write(image, add);
    const offset = image * 2 * size;
    for (let i = 0; i < size; i++) {
      const weight = weights[i]!;
      if (weight === 0) continue;
      const high = Math.round(weight / unit);
      data[offset + i] = high;
      data[offset + size + i] = weight - high * unit;
    }
  }
  return ndArray(data, [batch, 2 * rows, columns]);
}

/**
 * Multiplies one axis of every image by its matrix and rounds to whole levels, half up, without a rounding error.
 *
 * @param planes `[batch, height, channels, width]`, whole levels
 * @param matrices of {@link fixedPointMatrices}
 * @returns `[batch, height, channels, rows]` or `[batch, rows, channels, width]`
 */
export function multiplyAlong(
  axis: 'height' | 'width',
  planes: tf.Tensor4D,
  matrices: tf.Tensor3D,
  halfBits: number,
): tf.Tensor4D {
  const [high, low] = tf.split(productAlong(axis, planes, matrices), 2, axis === 'height' ? 1 : 3) as [
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  const unit = 2 ** -halfBits;
  const carried = tf.add(high, tf.floor(tf.mul(low, unit)));
  return tf.floor(tf.add(tf.mul(carried, unit), 0.5));
}

/** The product alone: `[batch, rows, columns]` times one axis of `[batch, height, channels, width]`. */
export function productAlong(axis: 'height' | 'width', planes: tf.Tensor4D, matrices: tf.Tensor3D): tf.Tensor4D {
  const [batch, height, channels, width] = planes.shape;
  const rows = matrices.shape[1];
  if (axis === 'width') {
    const lines = tf.reshape(planes, [batch, height * channels, width]);
    return tf.reshape(tf.matMul(lines, matrices, false, true), [batch, height, channels, rows]);
  }
  const lines = tf.reshape(planes, [batch, height, channels * width]);
  return tf.reshape(tf.matMul(matrices, lines), [batch, rows, channels, width]);
}
