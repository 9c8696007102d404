import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { compile } from '../compile/compile.js';
import type { MemoryPlan } from '../compile/compiled-types.js';
import { gradCache } from './grad-cache.js';

const stream = new RandomStream(randomKey(1));
const normal = (...shape: number[]): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal()),
    shape,
  );

const [rows, width, hidden] = [96, 16, 256];
const weights = [
  tf.variable(normal(width, hidden)),
  tf.variable(normal(hidden, hidden)),
  tf.variable(normal(hidden, 8)),
];

/** A few wide layers, then every row against every other. */
function step(x: tf.Tensor, chunkSize: number): tf.Tensor[] {
  const encode = (given: tf.Tensor): tf.Tensor =>
    weights.reduce((y: tf.Tensor, w) => tf.tanh(tf.div(tf.matMul(y as tf.Tensor2D, w as tf.Tensor2D), 16)), given);
  const { value, grads } = tf.variableGrads(() => {
    const z = chunkSize === 0 ? encode(x) : gradCache(encode, x, { chunkSize });
    return tf.mean(tf.logSumExp(tf.mul(tf.matMul(z as tf.Tensor2D, z as tf.Tensor2D, false, true), 4), 1)) as tf.Scalar;
  }, weights);
  return [value, ...weights.map(({ name }) => grads[name]!)];
}

const x = normal(rows, width);

it.each([1, 7, 32, 96, 200])('has the loss and gradients of the whole batch, with chunks of %d', async (chunkSize) => {
  const whole = step(x, 0).map((tensor) => tensor.dataSync());
  const eager = step(x, chunkSize).map((tensor) => tensor.dataSync());
  const compiled = await compile((given: tf.Tensor) => step(given, chunkSize))(x);
  whole.forEach((values, index) => {
    const size = Math.max(...values.map(Math.abs));
    expect(size).toBeGreaterThan(1e-4);
    for (const found of [eager[index]!, compiled[index]!.dataSync()])
      expect(found).toBeAllClose(values, { rtol: 1e-5, atol: 1e-5 * size });
  });
});

it('holds the inner values of one chunk at a time', async () => {
  const workspace = async (chunkSize: number): Promise<number> => {
    const plans: MemoryPlan[] = [];
    const compiled = compile((given: tf.Tensor) => step(given, chunkSize), {
      onTrace: (plan) => void plans.push(plan),
    });
    await compiled(normal(2048, width));
    compiled.dispose();
    return plans[0]!.workspace;
  };
  // Of 2,048 rows the scores of all pairs stay, 16 MB each; the layers' values shrink to those of 128 rows.
  const [whole, chunked] = [await workspace(0), await workspace(128)];
  expect(whole - chunked).toBeGreaterThan(2 * 2048 * hidden * 4 * 0.8);
});

it('refuses sizes that are none, and results of another number of rows', () => {
  expect(() => gradCache((given) => given, x, { chunkSize: 0 })).toThrow(InvalidOptionError);
  expect(() => gradCache((given) => tf.sum(given, 0, true), x, { chunkSize: 8 })).toThrow(ShapeError);
});
