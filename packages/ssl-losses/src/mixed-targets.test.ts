import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from 'ssl-tensor';
import { expect, it } from 'vitest';
import '../../../test/support/to-be-all-close.js';
import { mixedTargets } from './mixed-targets.js';

it("mixes one-hot targets by each row's share", async () => {
  const [labels, partners] = [tf.tensor1d([2, 0, 1], 'int32'), tf.tensor1d([2, 1, 0], 'int32')];
  const expected = [
    [0, 0, 1],
    [0.75, 0.25, 0],
    [1, 0, 0],
  ];
  const share = tf.tensor1d([0.5, 0.75, 0]);
  expect(mixedTargets(labels, partners, share, 3)).toBeAllClose(expected);
  const step = compile((y: tf.Tensor1D, other: tf.Tensor1D, lambda: tf.Tensor1D) => mixedTargets(y, other, lambda, 3));
  expect(await step(labels, partners, share)).toBeAllClose(expected);
  expect(mixedTargets(labels, partners, 1, 3)).toBeAllClose(tf.cast(tf.oneHot(labels, 3), 'float32'));
});
