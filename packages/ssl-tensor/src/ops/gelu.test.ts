import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { numericGradient } from '../../../../test/support/numeric-gradient.js';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { gelu } from './gelu.js';

/** Error function by its series; exact to double precision for |x| < 4. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const exact = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
const byTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const points = [-3.5, -2, -1, -0.3, 0, 0.3, 1, 2, 3.5];

it('has the values that torch.nn.functional.gelu documents', () => {
  expect(gelu(tf.tensor1d([1, -1]))).toBeAllClose([0.8413447, -0.1586553], { atol: 3e-7 });
  expect(gelu(tf.tensor1d([1, -1]), { approximate: 'tanh' })).toBeAllClose([0.841192, -0.158808]);
});

it.each([
  ['none', exact],
  ['tanh', byTanh],
] as const)('is the definition and its derivative, form %s', async (approximate, reference) => {
  const both = (x: tf.Tensor1D): [tf.Tensor, tf.Tensor] => [
    gelu(x, { approximate }),
    tf.grad((y) => tf.sum(gelu(y, { approximate })))(x),
  ];
  const slopes = points.map((x) => numericGradient(([y]) => reference(y!), [x])[0]!);
  for (const [value, slope] of [both(tf.tensor1d(points)), await compile(both)(tf.tensor1d(points))]) {
    expect(value).toBeAllClose(points.map(reference), { atol: 5e-7 });
    expect(slope).toBeAllClose(slopes, { atol: 2e-6 });
  }
});

it('has the second derivative', async () => {
  const slope = (x: number): number =>
    0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
  const bends = points.map((x) => numericGradient(([y]) => slope(y!), [x])[0]!);
  const second = (x: tf.Tensor1D): tf.Tensor => tf.grad((y) => tf.sum(tf.grad((z) => tf.sum(gelu(z)))(y)))(x);
  for (const bend of [second(tf.tensor1d(points)), await compile(second)(tf.tensor1d(points))])
    expect(bend).toBeAllClose(bends, { atol: 2e-6 });
});

it('goes to x and to 0 at the ends', async () => {
  const x = tf.tensor1d([-1e4, -40, 40, 1e4]);
  for (const approximate of ['none', 'tanh'] as const) {
    expect(gelu(x, { approximate })).toBeAllClose([0, 0, 40, 1e4]);
    expect(await compile((y: tf.Tensor1D) => gelu(y, { approximate }))(x)).toBeAllClose([0, 0, 40, 1e4]);
  }
});
