import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import { dropPath } from './drop-path.js';
import { keyArray, type TensorKey } from './random-uniform.js';

beforeEach(() => tf.setBackend('cpu'));

const keyTensor = (seed: number): TensorKey => tf.tensor1d(keyArray(randomKey(seed)).data, 'int32');
const [batch, rate] = [4000, 0.3];

it.each([
  [undefined, 1 / (1 - rate)],
  [true, 1 / (1 - rate)],
  [false, 1],
])('drops whole samples and their gradient, and scales the others: scaleByKeep %s', async (scaleByKeep, factor) => {
  const options = scaleByKeep === undefined ? {} : { scaleByKeep };
  const x = tf.reshape(tf.add(tf.range(0, 3 * batch), 1), [batch, 1, 3]);
  const both = (input: tf.Tensor, key: TensorKey): tf.Tensor[] => [
    dropPath(input, rate, key, options),
    tf.grad((y: tf.Tensor) => tf.sum(dropPath(y, rate, key, options)))(input),
  ];
  const eager = both(x, keyTensor(2));
  const compiled = await compile(both)(x, keyTensor(2));
  eager.forEach((tensor, index) => expect(compiled[index]!).toBeAllClose(tensor, { rtol: 0, atol: 0 }));
  const [values, slopes] = eager.map((tensor) => tensor.dataSync()) as [Float32Array, Float32Array];
  let dropped = 0;
  for (let sample = 0; sample < batch; sample++) {
    const kept = values[3 * sample] !== 0;
    if (!kept) dropped++;
    for (let i = 3 * sample; i < 3 * sample + 3; i++) {
      expect(Math.abs(values[i]! - (kept ? (i + 1) * factor : 0))).toBeLessThan(1e-6 * (i + 2));
      expect(Math.abs(slopes[i]! - (kept ? factor : 0))).toBeLessThan(1e-6);
    }
  }
  expect(Math.abs(dropped / batch - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / batch));
});

it('draws anew with another key', () => {
  const draw = (seed: number): ArrayLike<number> => dropPath(tf.ones([64, 2]), 0.5, keyTensor(seed)).dataSync();
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

it('gives back x at rate 0', () => {
  const x = tf.tensor1d([1, 2]);
  expect(dropPath(x, 0, keyTensor(0))).toBe(x);
});

it.each([-0.1, 1, NaN])('refuses the rate %s', (rate) => {
  expect(() => dropPath(tf.zeros([2]), rate, keyTensor(0))).toThrow(InvalidOptionError);
});
