import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import { blockwise, channelSums } from './blockwise.js';

const chain = (x: tf.Tensor, y: tf.Tensor, factor: tf.Tensor): [tf.Tensor, tf.Tensor] => [
  tf.add(tf.mul(tf.tanh(x), factor), tf.square(y)),
  tf.where(tf.greater(x, y), x, tf.scalar(2)),
];

it.each([
  ['small', [3, 5]],
  ['large', [3, 512, 1024]],
  ['large and hard to divide', [1048573]],
])('computes what the chain computes: %s', async (_, shape) => {
  const [x, y] = [tf.randomNormal(shape, 0, 1, 'float32', 1), tf.randomNormal(shape, 0, 1, 'float32', 2)];
  const factor = tf.scalar(1.5);
  const expected = chain(x, y, factor);
  const run = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor[] =>
    blockwise([a, b, c], (first, second, third) => chain(first!, second!, third!));
  for (const results of [run(x, y, factor), await compile(run)(x, y, factor)]) {
    results.forEach((result, index) => {
      expect(result.shape).toEqual(shape);
      expect(result).toBeAllClose(expected[index]!, { rtol: 1e-5, atol: 1e-6 });
    });
  }
});

it("gives a result that depends on no operand the operands' shape", async () => {
  const run = (x: tf.Tensor): tf.Tensor => blockwise([x], () => [tf.scalar(3)])[0];
  const result = await compile(run)(tf.zeros([1024, 1024]));
  expect(result.shape).toEqual([1024, 1024]);
  expect(tf.min(result).dataSync()[0]).toBe(3);
});

it('wants every tensor as an operand', async () => {
  const x = tf.zeros([1024, 1024]);
  const scale = tf.variable(tf.scalar(2));
  const withVariable = compile((a: tf.Tensor) => blockwise([a], (b) => [tf.mul(b!, scale)])[0]);
  await expect(withVariable(x)).rejects.toThrow(/made outside a blockwise chain is used in it.*Pass it as an operand/s);
  const withTensor = compile((a: tf.Tensor) => blockwise([a], (b) => [tf.add(b!, tf.max(a))])[0]);
  await expect(withTensor(x)).rejects.toThrow(UnsupportedOpError);
});

const perChannel = (x: tf.Tensor, y: tf.Tensor, scale: tf.Tensor, factor: tf.Tensor): [tf.Tensor, tf.Tensor] => [
  tf.mul(tf.sub(x, scale), factor),
  tf.mul(y, tf.add(tf.square(x), scale)),
];

it.each([
  ['small', [4, 3, 5]],
  ['of few channels', [64, 28, 28, 12]],
  ['of many channels', [40, 25, 600]],
  ['of one channel', [1024, 512, 1]],
  ['of a prime number of rows', [65537, 8]],
])('takes vectors along the last axis, and sums all but it: %s', async (_, shape) => {
  const channels = shape.at(-1)!;
  const [x, y] = [tf.randomNormal(shape, 0, 1, 'float32', 1), tf.randomNormal(shape, 0, 1, 'float32', 2)];
  const [scale, factor] = [tf.randomNormal([channels], 0, 1, 'float32', 3), tf.scalar(0.5)];
  const expected = perChannel(x, y, scale, factor);
  const rows = x.size / channels;
  const sums = expected.map((tensor) => {
    const exact = new Float64Array(channels);
    tensor.dataSync().forEach((value, index) => (exact[index % channels]! += value));
    return Array.from(exact);
  });
  type Four = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const whole = (...operands: Four): tf.Tensor[] => blockwise(operands, (...parts) => perChannel(...(parts as Four)));
  const summed = (...operands: Four): tf.Tensor[] =>
    channelSums(operands, (...parts) => perChannel(...(parts as Four)));
  for (const results of [whole(x, y, scale, factor), await compile(whole)(x, y, scale, factor)])
    results.forEach((result, index) => expect(result).toBeAllClose(expected[index]!, { rtol: 1e-5, atol: 1e-6 }));
  for (const results of [summed(x, y, scale, factor), await compile(summed)(x, y, scale, factor)]) {
    results.forEach((result, index) => {
      expect(result.shape).toEqual([channels]);
      expect(result).toBeAllClose(sums[index]!, { rtol: 1e-5, atol: 1e-6 * rows });
    });
  }
});
