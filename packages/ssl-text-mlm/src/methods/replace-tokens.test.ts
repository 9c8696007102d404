import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { replaceTokens } from './replace-tokens.js';

const key = (word: number): tf.Tensor1D => tf.tensor1d([word, 1], 'int32');
const ints = (values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');

/** A row of `count` masked places, all with the same scores. */
function drawn(scores: number[], count: number, temperature: number, word: number): number[] {
  const { inputIds } = replaceTokens(
    {
      inputIds: tf.fill([1, count], 0, 'int32'),
      positions: tf.range(0, count, 1, 'int32'),
      labels: tf.fill([count], 0, 'int32'),
      weights: tf.ones([count]),
      logits: tf.tile(tf.tensor2d([scores]), [count, 1]),
    },
    temperature,
    key(word),
  );
  return [...inputIds.dataSync()];
}

it.each([1, 2])('draws words as often as the softmax at temperature %d says', (temperature) => {
  const scores = [0, 1, 2, -1, 0.5];
  const count = 20_000;
  const words = drawn(scores, count, temperature, 7);
  const powers = scores.map((score) => Math.exp(score / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  let chiSquare = 0;
  powers.forEach((power, word) => {
    const expected = (count * power) / total;
    chiSquare += (words.filter((each) => each === word).length - expected) ** 2 / expected;
  });
  // 4 degrees of freedom: above 23.5 in one of 10,000 runs.
  expect(chiSquare).toBeLessThan(23.5);
  expect(drawn(scores, 50, temperature, 7)).toEqual(drawn(scores, 50, temperature, 7));
  expect(drawn(scores, 50, temperature, 7)).not.toEqual(drawn(scores, 50, temperature, 8));
});

it.each(['eager', 'compiled'])('puts the words at their places and marks those that differ, %s', async (mode) => {
  const certain = (word: number): number[] => Array.from({ length: 6 }, (_, each) => (each === word ? 200 : 0));
  const scores = {
    inputIds: tf.tensor2d([1, 1, 4, 5, 1, 2], [2, 3], 'int32'),
    // The last two are unused, and point to a place that is used.
    positions: ints([0, 1, 4, 0, 0]),
    labels: ints([3, 2, 5, 0, 1]),
    weights: tf.tensor1d([1, 1, 1, 0, 0]),
    logits: tf.tensor2d([certain(3), certain(5), certain(5), certain(2), certain(4)]),
  };
  const run = (all: typeof scores, word: tf.Tensor1D) => replaceTokens(all, 1, word);
  const { inputIds, replaced } = mode === 'eager' ? run(scores, key(3)) : await compile(run)(scores, key(3));
  expect([...inputIds.dataSync()]).toEqual([3, 5, 4, 5, 5, 2]);
  expect([...replaced.dataSync()]).toEqual([0, 1, 0, 0, 0, 0]);
});

it('no gradient flows through the draw', () => {
  const { value, grads } = tf.variableGrads(() => {
    const logits = weights;
    const { replaced } = replaceTokens(
      {
        inputIds: tf.zeros([1, 2], 'int32'),
        positions: ints([0, 1]),
        labels: ints([0, 0]),
        weights: tf.ones([2]),
        logits: logits as unknown as tf.Tensor2D,
      },
      1,
      key(3),
    );
    return tf.add(tf.sum(tf.mul(logits, 2)), tf.sum(replaced)) as tf.Scalar;
  }, [weights]);
  expect(value.dataSync()[0]).toBeGreaterThanOrEqual(0);
  expect([...grads[weights.name]!.dataSync()]).toEqual([2, 2, 2, 2]);
});
const weights = tf.variable(tf.zeros([2, 2]));
