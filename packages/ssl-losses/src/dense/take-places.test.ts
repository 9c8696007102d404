import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { lossAndGradients } from '../../../../test/golden/losses/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { takeAt, takePlaces } from './take-places.js';

describe.each(['eager', 'compiled'] as const)('takePlaces, %s', (mode) => {
  it('takes vectors of each image and adds up their gradients', async () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const indices = tf.tensor2d([1, 1, 0, 0, 1, 1], [2, 3], 'int32');
    const weights = tf.tensor3d([1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60], [2, 3, 2]);
    const take = (z: tf.Tensor2D): tf.Tensor3D => takePlaces(tf.reshape(z, [2, 2, 2]), indices);
    expect(take(x)).toBeAllClose([
      [
        [3, 4],
        [3, 4],
        [1, 2],
      ],
      [
        [5, 6],
        [7, 8],
        [7, 8],
      ],
    ]);
    const [value, gradient] = await lossAndGradients(mode, (z) => tf.sum(tf.mul(take(z!), weights)), [x]);
    expect(value!).toBeAllClose(3 + 40 + 6 + 80 + 3 + 60 + 20 + 240 + 35 + 400 + 42 + 480);
    expect(gradient!).toBeAllClose([
      [3, 30],
      [3, 30],
      [4, 40],
      [11, 110],
    ]);
  });

  it('takes indices that are made of what is differentiated', async () => {
    const x = tf.tensor2d([1, 5, 2], [3, 1]);
    const [value, gradient] = await lossAndGradients(mode, (z) => tf.sum(takeAt(z!, tf.argMax(z!, 0) as tf.Tensor1D)), [
      x,
    ]);
    expect(value!).toBeAllClose(5);
    expect(gradient!).toBeAllClose([[0], [1], [0]]);
  });
});
