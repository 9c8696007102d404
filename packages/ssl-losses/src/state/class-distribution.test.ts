import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { ClassDistribution } from './class-distribution.js';

it.each(['eager', 'compiled'])('follows the batches, %s', async (mode) => {
  const state = new ClassDistribution(2);
  expect(state.buffers.average).toBeAllClose([0.5, 0.5]);
  const update = (batch: tf.Tensor2D): tf.Tensor => {
    state.update(batch, 0.75);
    return tf.sum(batch);
  };
  const step = mode === 'compiled' ? compile(update) : update;
  const batch = tf.tensor2d([
    [0.2, 0.8],
    [0.4, 0.6],
  ]);
  const before = tf.memory().numTensors;
  tf.dispose(await step(batch));
  tf.dispose(await step(batch));
  expect(tf.memory().numTensors).toBe(before);
  const share = 0.75 * (0.75 * 0.5 + 0.25 * 0.3) + 0.25 * 0.3;
  expect(state.buffers.average).toBeAllClose([share, 1 - share]);
  state.dispose();
});

it('names what is wrong', () => {
  expect(() => new ClassDistribution(0)).toThrow(InvalidOptionError);
  const state = new ClassDistribution(3);
  expect(() => state.update(tf.zeros([2, 2]))).toThrow(ShapeError);
  expect(() => state.update(tf.zeros([2, 3]), 2)).toThrow(InvalidOptionError);
  state.dispose();
});
