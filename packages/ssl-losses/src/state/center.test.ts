import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { Center } from './center.js';

it.each(['eager', 'compiled'] as const)('Center follows the mean, %s', async (mode) => {
  const state = new Center(2);
  const move = (x: tf.Tensor): tf.Scalar => {
    state.update(x, 0.75);
    return tf.sum(state.buffers.center);
  };
  const step = mode === 'compiled' ? compile(move) : move;
  const x = tf.tensor3d([[[4, 8]], [[0, -4]], [[8, 8]]]);
  expect(state.buffers.center).toBeAllClose([0, 0]);
  expect(await step(x)).toBeAllClose(2);
  expect(state.buffers.center).toBeAllClose([1, 1]);
  await step(x);
  expect(state.buffers.center).toBeAllClose([1.75, 1.75]);
  state.dispose();
});

it('Center names what is wrong, and is not trained', () => {
  const state = new Center(3);
  expect(state.buffers.center.trainable).toBe(false);
  expect(() => state.update(tf.zeros([2, 4]))).toThrow(
    'Center.update: outputs must be float32 [2, 3], got float32 [2, 4]',
  );
  expect(() => state.update(tf.zeros([2, 3], 'int32'))).toThrow(ShapeError);
  for (const momentum of [-0.1, 1.1, NaN])
    expect(() => state.update(tf.zeros([2, 3]), momentum)).toThrow(InvalidOptionError);
  expect(() => new Center(0)).toThrow(InvalidOptionError);
  state.dispose();
});
