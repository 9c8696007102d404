import * as tf from '@tensorflow/tfjs-core';
import { factoredAxes, withoutAxis } from './factored-axes.js';
import { FlatLayout } from './flat-layout.js';

/** Where a step goes, before its length is set, and the next second moments. */
export interface Direction {
  /** As the gradients. */
  readonly direction: tf.Tensor;
  readonly moments: readonly tf.Tensor[];
}

/**
 * Gradients over the roots of second moments that are kept by their rows and columns:
 * `row = mean(g^2 + epsilon, columns)`, `column = mean(g^2 + epsilon, rows)`, both averaged over the updates, and
 * `g / sqrt(row * column / mean(row))`.
 *
 * @param gradients `[length]`, of matrices and what has more axes
 * @param slots rows and columns, as laid out by their shapes
 * @param shares part of the new means in the averages, by parameter
 */
export function factoredDirection(
  gradients: tf.Tensor1D,
  [rows, columns]: readonly tf.Tensor[],
  shapes: readonly (readonly number[])[],
  shares: tf.Tensor1D,
  epsilon: number,
): Direction {
  const layout = new FlatLayout(shapes);
  const axes = shapes.map((shape) => factoredAxes(shape)!);
  const [rowLayout, columnLayout] = [1, 0].map(
    (dropped) => new FlatLayout(shapes.map((shape, at) => withoutAxis(shape, axes[at]![dropped]!))),
  ) as [FlatLayout, FlatLayout];
  const [oldRows, oldColumns] = [rowLayout.unpack(rows!), columnLayout.unpack(columns!)];
  const parts = shapes.length === 1 ? [shares] : tf.split(shares, shapes.length);
  const all = layout.unpack(gradients).map((gradient, at) => {
    const [rowAxis, columnAxis] = axes[at]!;
    const share = tf.reshape(parts[at]!, []);
    const averaged = (old: tf.Tensor, axis: number): tf.Tensor => {
      const mean = tf.add(tf.mean(tf.square(gradient), axis), epsilon);
      return tf.add(tf.mul(old, tf.sub(1, share)), tf.mul(mean, share));
    };
    const [row, column] = [averaged(oldRows[at]!, columnAxis), averaged(oldColumns[at]!, rowAxis)];
    const byRow = tf.expandDims(tf.rsqrt(tf.div(row, tf.mean(row, rowAxis, true))), columnAxis);
    const byColumn = tf.expandDims(tf.rsqrt(column), rowAxis);
    return { row, column, direction: tf.mul(tf.mul(gradient, byRow), byColumn) };
  });
  return {
    direction: layout.pack(all.map(({ direction }) => direction)),
    moments: [rowLayout.pack(all.map(({ row }) => row)), columnLayout.pack(all.map(({ column }) => column))],
  };
}
