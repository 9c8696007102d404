import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

const logits = tf.tensor2d([
  [1, 3, 2],
  [2, 2, 2],
  [2, 2, 2],
  [0, 5, 5],
  [1, NaN, 2],
  [NaN, NaN, NaN],
  [4, 1, 0],
  [4, 1, 0],
]);
const labels = tf.tensor1d([1, 0, 2, 2, 1, 0, -1, 3], 'int32');

it.each(['eager', 'compiled'])('a hit is the first of the highest scores, %s', async (mode) => {
  const hits = mode === 'eager' ? labelHits(logits, labels) : await compile(labelHits)(logits, labels);
  expect([...hits.dataSync()]).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
});

it('what has no label has no weight, and the mean of nothing is NaN', () => {
  const weights = labelledWeights(tf.ones([4]), tf.tensor1d([2, -1, -100, 0], 'int32'));
  expect([...weights.dataSync()]).toEqual([1, 0, 0, 1]);
  expect(weightedMean(tf.tensor1d([0.5, 9, 9, 1]), weights).dataSync()[0]).toBe(0.75);
  expect(weightedMean(tf.ones([2]), tf.zeros([2])).dataSync()[0]).toBeNaN();
});
