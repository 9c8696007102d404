import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { agrees, describeAgreement, floats } from '../../../../test/support/lowering-conformance.js';
import { numericGradient } from '../../../../test/support/numeric-gradient.js';
import { compile } from '../compile/compile.js';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { batchMoments, batchNorm } from './batch-norm.js';

const [rows, channels, epsilon] = [6, 3, 1e-3];
const stream = new RandomStream(randomKey(21));
const draw = (count: number): number[] => Array.from({ length: count }, () => Math.fround(stream.normal()));
const [x, scale, bias, weight] = [draw(rows * channels), draw(channels), draw(channels), draw(rows * channels)];

function reference(input: readonly number[], gain: readonly number[], offset: readonly number[]): number[] {
  return input.map((value, i) => {
    const channel = i % channels;
    const column = input.filter((_, position) => position % channels === channel);
    const mean = column.reduce((sum, item) => sum + item, 0) / rows;
    const variance = column.reduce((sum, item) => sum + (item - mean) ** 2, 0) / rows;
    return ((value - mean) / Math.sqrt(variance + epsilon)) * gain[channel]! + offset[channel]!;
  });
}

const objective = (input: readonly number[], gain: readonly number[], offset: readonly number[]): number =>
  reference(input, gain, offset).reduce((sum, value, i) => sum + value * weight[i]!, 0);
const normalise = (input: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor): tf.Tensor =>
  batchNorm(input, batchMoments(input), gain, offset, { epsilon });
const evaluate = (input: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor): tf.Tensor[] => [
  normalise(input, gain, offset),
  ...tf.grads((...args) =>
    tf.sum(tf.mul(normalise(args[0]!, args[1]!, args[2]!), tf.tensor2d(weight, [rows, channels]))),
  )([input, gain, offset]),
];

it('is the definition, and its gradients are those of the definition', async () => {
  const args = [tf.tensor2d(x, [rows, channels]), tf.tensor1d(scale), tf.tensor1d(bias)] as const;
  for (const [y, dx, dScale, dBias] of [evaluate(...args), await compile(evaluate)(...args)]) {
    expect(y!).toBeAllClose({ data: reference(x, scale, bias), shape: [rows, channels] }, { atol: 2e-6 });
    expect(dx!).toBeAllClose(
      { data: numericGradient((p) => objective(p, scale, bias), x), shape: [rows, channels] },
      { atol: 1e-5 },
    );
    expect(dScale!).toBeAllClose(
      numericGradient((p) => objective(x, p, bias), scale),
      { atol: 1e-5 },
    );
    expect(dBias!).toBeAllClose(
      numericGradient((p) => objective(x, scale, p), bias),
      { atol: 1e-5 },
    );
  }
});

describeAgreement([
  agrees('batchNorm of images', [floats([2, 4, 4, 3]), floats([3]), floats([3])], normalise as never, { atol: 5e-6 }),
  agrees('batchNorm of many pixels', [floats([4, 16, 16, 8]), floats([8]), floats([8])], normalise as never, {
    atol: 2e-5,
    rtol: 1e-4,
  }),
  agrees(
    'batchNorm with ReLU',
    [floats([4, 6, 5, 3]), floats([3]), floats([3])],
    ((input: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor) =>
      batchNorm(input, batchMoments(input), gain, offset, { epsilon, activation: 'relu' })) as never,
    { atol: 5e-6 },
  ),
  // Large enough to run in blocks.
  agrees('batchNorm in blocks', [floats([33, 28, 28, 12]), floats([12]), floats([12])], normalise as never, {
    scaled: 1e-5,
  }),
]);

it('with ReLU is the same as with a ReLU after it, values and gradients', () => {
  const args = [tf.tensor2d(x, [rows, channels]), tf.tensor1d(scale), tf.tensor1d(bias)];
  const fused = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor =>
    batchNorm(a, batchMoments(a), b, c, { epsilon, activation: 'relu' });
  const apart = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor => tf.relu(normalise(a, b, c));
  const [one, other] = [fused, apart].map((op) => {
    const objective = (...inputs: tf.Tensor[]): tf.Tensor =>
      tf.sum(tf.mul(op(inputs[0]!, inputs[1]!, inputs[2]!), tf.tensor2d(weight, [rows, channels])));
    return [op(args[0]!, args[1]!, args[2]!), ...tf.grads(objective)(args)];
  });
  const zeros = [...one![0]!.dataSync()].filter((value) => value === 0).length;
  expect(zeros).toBeGreaterThan(3);
  expect(zeros).toBeLessThan(15);
  one!.forEach((tensor, index) => expect(tensor).toBeAllClose(other![index]!, { atol: 1e-6 }));
});

it('names the parameter whose shape is wrong', () => {
  expect(() => normalise(tf.zeros([2, 4]), tf.ones([3]), tf.zeros([4]))).toThrow(ShapeError);
});
