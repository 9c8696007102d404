import * as tf from '@tensorflow/tfjs-core';

/** All axes where there are none, else as numbers from 0. */
function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, index) => index);
  return (typeof axis === 'number' ? [axis] : [...axis]).map((item) => (item < 0 ? item + rank : item));
}

/**
 * Registers gradients of tf.cumsum along any axis, where TF.js transposes the result for all but the last, and of
 * tf.prod, where TF.js needs chained ops. A product's gradient is the product of all other elements: right also where
 * one or several are zero.
 */
export function registerCumulativeGradients(): void {
  tf.registerGradient({
    kernelName: tf.Cumsum,
    gradFunc: (dy, _, attributes) => {
      const { axis, exclusive, reverse } = attributes as unknown as tf.CumsumAttrs;
      return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
    },
  });
  tf.registerGradient({
    kernelName: tf.Prod,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const x = saved[0]!;
      const reduced = axesOf((attributes as unknown as tf.ProdAttrs).axis, x.rank);
      const kept = x.shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis));
      const order = [...kept, ...reduced];
      const size = (axes: readonly number[]): number => axes.reduce((total, axis) => total * x.shape[axis]!, 1);
      return {
        x: () => {
          const front = tf.transpose(tf.cast(x, 'float32'), order);
          const rows = tf.reshape(front, [size(kept), size(reduced)]);
          const others = tf.mul(tf.cumprod(rows, 1, true), tf.cumprod(rows, 1, true, true));
          const gradient = tf.mul(others, tf.reshape(dy as tf.Tensor, [size(kept), 1]));
          return tf.transpose(
            tf.reshape(gradient, front.shape),
            order.map((_, axis) => order.indexOf(axis)),
          );
        },
      };
    },
  });
}
