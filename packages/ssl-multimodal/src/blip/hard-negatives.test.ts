import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { foldIn, randomKey } from '@selfsup/ssl-core';
import { hardNegatives, sameTexts } from './hard-negatives.js';

const similarities = tf.tensor2d([
  [9, 1, 0, -1],
  [0, 9, 2, 0.5],
  [0, 0, 9, 0],
  [1, 1, 1, 9],
]);
const ids = tf.tensor2d([1, 2, 1, 3, 1, 3, 1, 4], [4, 2], 'int32');

it('tells which texts are the same', () => {
  expect(sameTexts(ids).arraySync()).toEqual([
    [1, 0, 0, 0],
    [0, 1, 1, 0],
    [0, 1, 1, 0],
    [0, 0, 0, 1],
  ]);
});

it('draws with probabilities softmax + 1e-4, never a row of the same text', () => {
  const [same, draws] = [sameTexts(ids), 3000];
  const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  for (let draw = 0; draw < draws; draw++)
    tf.tidy(() => {
      const key = tf.tensor1d(
        [...foldIn(randomKey(7), draw)].map((word) => word | 0),
        'int32',
      );
      const { rows } = hardNegatives(similarities, same, key);
      rows.dataSync().forEach((row, at) => counts[at]![row]!++);
    });
  const scores = similarities.arraySync();
  const isSame = same.arraySync();
  for (const [row, own] of scores.entries()) {
    const total = own.reduce((sum, value) => sum + Math.exp(value), 0);
    const weights = own.map((value, at) => (isSame[row]![at] ? 0 : Math.exp(value) / total + 1e-4));
    const all = weights.reduce((sum, value) => sum + value, 0);
    weights.forEach((value, at) => {
      const probability = value / all;
      // Five deviations of the share.
      const margin = 5 * Math.sqrt((probability * (1 - probability)) / draws) + 1e-9;
      expect(Math.abs(counts[row]![at]! / draws - probability)).toBeLessThanOrEqual(margin);
    });
  }
});

it('takes the most alike without a key; where every row is of the same text, it has no weight', () => {
  const { rows, weight } = hardNegatives(similarities, sameTexts(ids));
  expect([...rows.dataSync()]).toEqual([1, 3, 0, 0]);
  expect([...weight.dataSync()]).toEqual([1, 1, 1, 1]);
  const alike = sameTexts(tf.ones([4, 2], 'int32'));
  expect([...hardNegatives(similarities, alike).weight.dataSync()]).toEqual([0, 0, 0, 0]);
});
