import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { flexMatchThresholds } from './flex-match-thresholds.js';

const naive = (counts: readonly number[], scale: number): number[] =>
  counts.map((count) => (0.95 * (count / scale)) / (2 - count / scale));

it('lowers the thresholds of classes learnt slower', async () => {
  const counts = [40, 10, 0];
  expect(flexMatchThresholds(tf.tensor1d(counts), 60)).toBeAllClose(naive(counts, 40));
  expect(flexMatchThresholds(tf.tensor1d(counts), 200)).toBeAllClose(naive(counts, 150));
  expect(flexMatchThresholds(tf.tensor1d(counts), 200, { warmUp: false })).toBeAllClose(naive(counts, 40));
  const step = compile((x: tf.Tensor1D) => flexMatchThresholds(x, 200));
  expect(await step(tf.tensor1d(counts, 'int32'))).toBeAllClose(naive(counts, 150));
  expect(flexMatchThresholds(tf.zeros([2]), 10, { warmUp: false })).toBeAllClose([0, 0]);
});

it('names what is wrong', () => {
  expect(() => flexMatchThresholds(tf.zeros([2, 2]) as never, 10)).toThrow(ShapeError);
  expect(() => flexMatchThresholds(tf.zeros([2]), 0)).toThrow(InvalidOptionError);
  expect(() => flexMatchThresholds(tf.zeros([2]), 10, { threshold: 2 })).toThrow(InvalidOptionError);
});
