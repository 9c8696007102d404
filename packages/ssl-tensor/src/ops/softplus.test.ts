import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { softplus } from './softplus.js';

beforeEach(() => tf.setBackend('cpu'));

const points = [0, 1e-30, 1e-3, 0.5, 1, 3, 10, 13.5, 14, 17, 19, 25, 60, 80, 87, 89, 1e3, 1e10, 1e30, Infinity].flatMap(
  (x) => [x, -x],
);
/** In float64; below float32's least normal number, 1.2e-38, the graph has 0. */
const value = (x: number, beta: number): number =>
  x === Infinity ? x : Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(beta * x))) / beta;
const slope = (x: number): number => 1 / (1 + Math.exp(-x));
const bend = (x: number): number => slope(x) * slope(-x);

const first = (x: tf.Tensor, beta: number): tf.Tensor => tf.grad((y: tf.Tensor) => tf.sum(softplus(y, { beta })))(x);
const both = (x: tf.Tensor1D, beta: number): tf.Tensor[] => [softplus(x, { beta }), first(x, beta)];

it.each([1, 0.5, 4])('has value and gradient to the last digits from -infinity to infinity, beta %s', async (beta) => {
  const x = tf.tensor1d(points);
  const rounded = Array.from(x.dataSync());
  const options = { rtol: 3e-6, atol: 1.2e-38 };
  const compiled = await compile((y: tf.Tensor1D) => both(y, beta))(x);
  for (const [y, gradient] of [both(x, beta), compiled]) {
    expect(y!).toBeAllClose(
      rounded.map((item) => value(item, beta)),
      options,
    );
    expect(gradient!).toBeAllClose(
      rounded.map((item) => slope(beta * item)),
      // The exponential's error grows with its argument: 87 times float32's precision at the end.
      { ...options, rtol: 2e-5 },
    );
  }
});

it('has the second derivative', async () => {
  const near = points.filter((x) => Math.abs(x) < 60);
  const second = (x: tf.Tensor1D): tf.Tensor => tf.grad((y: tf.Tensor) => tf.sum(first(y, 1)))(x);
  for (const result of [second(tf.tensor1d(near)), await compile(second)(tf.tensor1d(near))])
    expect(result).toBeAllClose(near.map(bend), { rtol: 1e-5, atol: 1e-30 });
});

it('gives NaN for NaN', async () => {
  for (const y of [softplus(tf.scalar(NaN)), await compile((x: tf.Scalar) => softplus(x))(tf.scalar(NaN))])
    expect(y).toBeAllClose(NaN);
});

it.each([0, -1, NaN, Infinity])('refuses beta %s', (beta) => {
  expect(() => softplus(tf.scalar(1), { beta })).toThrow(InvalidOptionError);
});
