import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { foldIn, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { BatchNorm, Conv2d, evaluation, type ForwardContext, Relu, Sequential, training } from '../index.js';
import type { UnaryModule } from '../module/module.js';

const key = randomKey(3);
const random = new RandomStream(key);
const images = tf.tensor4d(
  Array.from({ length: 4 * 8 * 8 * 3 }, () => random.normal()),
  [4, 8, 8, 3],
);

/** Without anything taken together. */
const oneByOne = (layers: readonly UnaryModule[], ctx: ForwardContext): tf.Tensor =>
  layers.reduce((x, layer) => layer.forward(x, ctx), images as tf.Tensor);

interface Variant {
  readonly conv?: Partial<ConstructorParameters<typeof Conv2d>[2]>;
  readonly affine?: boolean;
  readonly relu?: boolean;
  readonly outputs?: number;
}

/** The same weights each time. */
function layersOf({ conv = {}, affine = true, relu = true, outputs = 64 }: Variant): UnaryModule[] {
  return [
    new Conv2d(3, outputs, { kernelSize: 3, padding: 1, bias: false, key: foldIn(key, 1), ...conv }),
    new BatchNorm(outputs, { affine }),
    ...(relu ? [new Relu()] : []),
    new Conv2d(outputs, 2, { kernelSize: 1, key: foldIn(key, 2) }),
  ];
}

describe.each<readonly [string, Variant, boolean]>([
  ['a narrow convolution', {}, true],
  ['strides', { conv: { stride: 2 } }, true],
  ['no activation', { relu: false }, true],
  ['no scale and offset', { affine: false }, true],
  ['a bias', { conv: { bias: true } }, false],
  ['groups', { conv: { groups: 3 }, outputs: 66 }, false],
  ['dilation', { conv: { dilation: 2 } }, false],
  ['a wide convolution', { outputs: 8 }, false],
])('%s with its batch normalisation', (_, variant, isNarrow) => {
  it('gives what the layers give one by one: values, gradients, statistics', async () => {
    for (const mode of ['eager', 'compiled']) {
      const [layers, apart] = [layersOf(variant), layersOf(variant)];
      expect((layers[0] as Conv2d).isNarrow).toBe(isNarrow);
      const whole = new Sequential(layers);
      const step = (run: () => tf.Tensor, variables: readonly tf.Variable[]) => (): tf.Tensor[] => {
        const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(run())) as tf.Scalar, [...variables]);
        return [value, ...variables.map(({ name }) => grads[name]!)];
      };
      const variablesOf = (modules: readonly UnaryModule[]): tf.Variable[] =>
        [...new Sequential(modules).namedParameters().values()].map(({ variable }) => variable);
      const ours = step(() => whole.forward(images, training), variablesOf(layers));
      const expected = step(() => oneByOne(apart, training), variablesOf(apart))();
      const results = mode === 'eager' ? ours() : await compile(ours)();
      for (const [i, result] of results.entries())
        expect(result).toBeAllClose(expected[i]!, { rtol: 2e-4, atol: 2e-3 });
      for (const [name, state] of (layers[1] as BatchNorm).stateDict())
        expect(state).toBeAllClose((apart[1] as BatchNorm).stateDict().get(name)!, { rtol: 1e-4, atol: 1e-6 });
      expect(whole.forward(images, evaluation)).toBeAllClose(oneByOne(apart, evaluation), { rtol: 1e-4, atol: 1e-4 });
    }
  });
});

it('runs a convolution of one’s own as it is', () => {
  class Doubled extends Conv2d {
    override forward(x: tf.Tensor4D): tf.Tensor4D {
      return tf.mul(super.forward(x), 2);
    }
  }
  const layers = (): UnaryModule[] => [
    new Doubled(3, 64, { kernelSize: 3, bias: false, key }),
    new BatchNorm(64, { epsilon: 1 }),
  ];
  const together = new Sequential(layers()).forward(images, training);
  expect(together).toBeAllClose(oneByOne(layers(), training), { atol: 1e-5 });
});

it('refuses a batch of one value per feature, and images of other channels', () => {
  const layers = [new Conv2d(1, 32, { kernelSize: 3, bias: false, key }), new BatchNorm(32), new Relu()];
  const whole = new Sequential(layers);
  expect(() => whole.forward(tf.zeros([1, 3, 3, 1]), training)).toThrow(ShapeError);
  expect(() => whole.forward(tf.zeros([1, 5, 5, 2]), training)).toThrow(/Conv2d\.forward.*\[batch, height, width, 1\]/);
});
