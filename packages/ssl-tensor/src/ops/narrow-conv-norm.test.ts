import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { batchMoments, batchNorm } from './batch-norm.js';
import { narrowConvNorm, type NarrowConvNormOptions } from './narrow-conv-norm.js';

const stream = new RandomStream(randomKey(4));
function draw(shape: number[], mean = 0): tf.Tensor {
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Array.from({ length: size }, () => mean + stream.normal()),
    shape,
  );
}

type Layer = (x: tf.Tensor4D, filter: tf.Tensor4D, scale: tf.Tensor, bias: tf.Tensor) => tf.Tensor[];

/** The layer as it is defined, one thing after the other. */
const apart =
  ({ strides = [1, 1], pad = 'valid', epsilon = 1e-5, activation }: NarrowConvNormOptions): Layer =>
  (x, filter, scale, bias) => {
    const y = tf.conv2d(x, filter, [...strides], pad);
    const moments = batchMoments(y);
    const line = batchNorm(y, moments, scale, bias, { epsilon });
    return [activation === 'relu' ? tf.relu(line) : line, moments.mean, moments.variance];
  };
const together =
  (options: NarrowConvNormOptions): Layer =>
  (x, filter, scale, bias) => {
    const { value, moments } = narrowConvNorm(x, filter, scale, bias, options);
    return [value, moments.mean, moments.variance];
  };

/** Results, then gradients of a weighted sum of the first one. */
const evaluate =
  (layer: Layer) =>
  (weight: tf.Tensor, ...args: tf.Tensor[]): tf.Tensor[] => {
    const run = (...inputs: tf.Tensor[]): tf.Tensor[] => layer(...(inputs as Parameters<Layer>));
    return [...run(...args), ...tf.grads((...inputs) => tf.sum(tf.mul(run(...inputs)[0]!, weight)))(args)];
  };

const cases: readonly [string, number[], number[], NarrowConvNormOptions][] = [
  ['one channel, padded', [3, 6, 5, 1], [3, 3, 1, 8], { pad: 'same', activation: 'relu' }],
  ['three channels', [2, 5, 7, 3], [3, 3, 3, 6], { epsilon: 1e-3 }],
  [
    'strides',
    [2, 7, 8, 1],
    [3, 3, 1, 5],
    {
      strides: [2, 2],
      pad: [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ],
      activation: 'relu',
    },
  ],
  [
    'unequal strides and padding',
    [2, 6, 9, 2],
    [2, 3, 2, 4],
    {
      strides: [1, 3],
      pad: [
        [0, 0],
        [0, 1],
        [2, 0],
        [0, 0],
      ],
    },
  ],
  ['same with strides', [2, 5, 6, 1], [3, 3, 1, 4], { strides: [2, 2], pad: 'same' }],
  ['single pixels', [9, 4, 4, 2], [1, 1, 2, 4], { activation: 'relu' }],
];

describe.each(cases)('%s', (_, xShape, filterShape, options) => {
  it('is the convolution with its normalisation, values, moments and gradients, eager and compiled', async () => {
    const args = [draw(xShape), draw(filterShape), draw([filterShape[3]!], 1), draw([filterShape[3]!])];
    const [probe] = apart(options)(...(args as Parameters<Layer>));
    const weight = draw(probe!.shape);
    const expected = evaluate(apart(options))(weight, ...args);
    for (const results of [
      evaluate(together(options))(weight, ...args),
      await compile(evaluate(together(options)))(weight, ...args),
    ]) {
      expect(results.length).toBe(7);
      for (const [i, result] of results.entries())
        expect(result!).toBeAllClose(expected[i]!, { rtol: 1e-4, atol: 2e-5 });
    }
  });
});

it('is the same far from zero, with its gradients, eager and compiled', async () => {
  const [x, filter] = [draw([4, 9, 9, 1]), draw([3, 3, 1, 8])];
  const [scale, bias, weight] = [draw([8], 1), draw([8]), draw([4, 7, 7, 8])];
  // Without padding, what all pixels have more moves the mean alone.
  const [value, , variance, , ...gradients] = evaluate(apart({}))(weight, x, filter, scale, bias);
  const far = tf.add(x, 1000);
  for (const run of [evaluate(together({})), compile(evaluate(together({})))]) {
    const results = await run(weight, far, filter, scale, bias);
    expect(results[0]!).toBeAllClose(value!, { atol: 2e-3 });
    expect(results[2]!).toBeAllClose(variance!, { rtol: 1e-3 });
    for (const [i, gradient] of gradients.entries()) expect(results[4 + i]!).toBeAllClose(gradient, { atol: 0.02 });
  }
});

it('gives numbers where the terms of the variance cancel', () => {
  // Differences along a ramp are constant; rounding leaves variances on either side of zero.
  const filter = tf.tensor4d([1, -1], [1, 2, 1, 1]);
  for (let slope = 1; slope <= 20; slope++) {
    const ramps = tf.tensor4d(
      Array.from({ length: 3 * 8 * 9 }, (_, i) => 1234.567 * slope * (i % 9) + 777 * Math.floor(i / 9)),
      [3, 8, 9, 1],
    );
    const { value, moments } = narrowConvNorm(ramps, filter, tf.ones([1]), tf.zeros([1]));
    expect(moments.variance.dataSync()[0]).toBeGreaterThanOrEqual(0);
    expect(value.dataSync().every(Number.isFinite)).toBe(true);
  }
});

it('refuses a scale of another length, and a filter for other channels', () => {
  expect(() => narrowConvNorm(tf.zeros([2, 5, 5, 2]), tf.zeros([3, 3, 1, 4]), tf.ones([4]), tf.zeros([4]))).toThrow(
    /narrowConvNorm.*filter/,
  );
  expect(() => narrowConvNorm(tf.zeros([2, 5, 5, 1]), tf.zeros([3, 3, 1, 4]), tf.ones([3]), tf.zeros([4]))).toThrow(
    ShapeError,
  );
});
