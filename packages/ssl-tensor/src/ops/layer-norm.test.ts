import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { numericGradient } from '../../../../test/support/numeric-gradient.js';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { layerNorm } from './layer-norm.js';

const [rows, dim, epsilon] = [3, 5, 1e-3];
const stream = new RandomStream(randomKey(11));
const draw = (count: number): number[] => Array.from({ length: count }, () => Math.fround(stream.normal()));
const [x, scale, bias, weight] = [draw(rows * dim), draw(dim), draw(dim), draw(rows * dim)];

function reference(input: readonly number[], gain: readonly number[], offset: readonly number[]): number[] {
  const result: number[] = [];
  for (let row = 0; row < rows; row++) {
    const values = input.slice(row * dim, (row + 1) * dim);
    const mean = values.reduce((sum, value) => sum + value, 0) / dim;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dim;
    values.forEach((value, i) => result.push(((value - mean) / Math.sqrt(variance + epsilon)) * gain[i]! + offset[i]!));
  }
  return result;
}

const objective = (input: readonly number[], gain: readonly number[], offset: readonly number[]): number =>
  reference(input, gain, offset).reduce((sum, value, i) => sum + value * weight[i]!, 0);

const evaluate = (input: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor): tf.Tensor[] => [
  layerNorm(input, gain, offset, epsilon),
  ...tf.grads((...args) =>
    tf.sum(tf.mul(layerNorm(args[0]!, args[1]!, args[2]!, epsilon), tf.tensor2d(weight, [rows, dim]))),
  )([input, gain, offset]),
];

it('is the definition, and its gradients are those of the definition', async () => {
  const args = [tf.tensor2d(x, [rows, dim]), tf.tensor1d(scale), tf.tensor1d(bias)] as const;
  for (const [y, dx, dScale, dBias] of [evaluate(...args), await compile(evaluate)(...args)]) {
    expect(y!).toBeAllClose({ data: reference(x, scale, bias), shape: [rows, dim] }, { atol: 2e-6 });
    expect(dx!).toBeAllClose(
      { data: numericGradient((p) => objective(p, scale, bias), x), shape: [rows, dim] },
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

it('gives the bias for rows without variation', async () => {
  const [constant, gain, offset] = [tf.mul(tf.ones([2, 4]), 7), tf.ones([4]), tf.tensor1d([1, 2, 3, 4])];
  expect(layerNorm(constant, gain, offset)).toBeAllClose([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
  expect(
    await compile((p: tf.Tensor, q: tf.Tensor, r: tf.Tensor) => layerNorm(p, q, r))(constant, gain, offset),
  ).toBeAllClose([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
});

it('keeps its digits far from zero', async () => {
  const far = tf.tensor2d([1000, 1001, 1002, 1003], [1, 4]);
  const near = [[-1.3416408, -0.4472136, 0.4472136, 1.3416408]];
  expect(layerNorm(far, tf.ones([4]), tf.zeros([4]), 0)).toBeAllClose(near, { rtol: 1e-4 });
  expect(await compile((p: tf.Tensor) => layerNorm(p, tf.ones([4]), tf.zeros([4]), 1e-12))(far)).toBeAllClose(near, {
    rtol: 1e-4,
  });
});

it('names the parameter whose shape is wrong', () => {
  const call = (): unknown => layerNorm(tf.zeros([2, 4]), tf.ones([4]), tf.zeros([3]));
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(/bias/);
});
