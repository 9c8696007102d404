import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { expectEverywhere } from '../../../../test/support/expect-everywhere.js';
import { compile } from '../compile/compile.js';

describe('tf.cumsum and tf.cumprod', () => {
  const data = [1, 2, 3, 4, 5, 6];

  it.each(['float32', 'int32'] as const)('count axes from the end, %s', (dtype) =>
    expectEverywhere(
      (x: tf.Tensor) => [
        tf.cumsum(x, -1),
        tf.cumsum(x, -2, true),
        tf.cumprod(x, -1, false, true),
        tf.cumprod(x, -2),
        tf.cumsum(tf.reshape(x, [6]), -1),
        tf.cumprod(tf.reshape(x, [6]), -1),
      ],
      [{ data, shape: [2, 3], dtype }],
      [
        [1, 3, 6, 4, 9, 15],
        [0, 0, 0, 1, 2, 3],
        [6, 6, 3, 120, 30, 6],
        [1, 2, 3, 4, 10, 18],
        [1, 3, 6, 10, 15, 21],
        [1, 2, 6, 24, 120, 720],
      ],
    ),
  );

  it('and refuse axes that are not there, as reductions do when compiled', async () => {
    const x = tf.tensor2d(data, [2, 3]);
    const message = 'axis must be an integer from -2 to 1 for a tensor of rank 2';
    for (const axis of [2, -3, 0.5]) {
      for (const op of [tf.cumsum, tf.cumprod]) {
        for (const backend of ['cpu', 'ssl']) {
          await tf.setBackend(backend);
          expect(() => op(x, axis)).toThrow(InvalidOptionError);
          expect(() => op(x, axis)).toThrow(message);
        }
        await expect(compile((y: tf.Tensor) => op(y, axis))(x)).rejects.toThrow(message);
      }
      for (const op of [tf.sum, tf.argMax, tf.max, tf.prod])
        await expect(compile((y: tf.Tensor) => op(y, axis))(x)).rejects.toThrow(message);
    }
    await expect(compile((y: tf.Tensor) => tf.max(y, -1))(tf.scalar(1))).rejects.toThrow(
      'axis must be left out, as a scalar has no axes, got -1',
    );
  });
});
