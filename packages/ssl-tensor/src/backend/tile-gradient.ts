import * as tf from '@tensorflow/tfjs-core';

/**
 * Registers a gradient of tf.tile, and so of tf.broadcastTo, that is one reshape and one sum. TF.js's own takes a slice for
 * every copy, which a graph of thousands of copies cannot bear, and refuses rank 5 and more.
 */
export function registerTileGradient(): void {
  tf.registerGradient({
    kernelName: tf.Tile,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => ({
      x: () => {
        const { shape } = saved[0]!;
        const { reps } = attributes as unknown as tf.TileAttrs;
        // Copies lie side by side: a repeated axis is the copies, then the axis itself.
        const split = shape.flatMap((size, axis) => (reps[axis] === 1 ? [size] : [reps[axis]!, size]));
        const copies: number[] = [];
        let place = 0;
        for (const count of reps) {
          if (count !== 1) copies.push(place++);
          place++;
        }
        const apart = tf.reshape(dy as tf.Tensor, split);
        return copies.length === 0 ? apart : tf.reshape(tf.sum(apart, copies), shape);
      },
    }),
  });
}
