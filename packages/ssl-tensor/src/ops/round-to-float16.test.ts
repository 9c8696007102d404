import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import { decodeHalf } from '../../../../test/support/decode-half.js';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { halfValue } from '../lowering/half-value.js';
import { roundToFloat16 } from './round-to-float16.js';

beforeEach(() => tf.setBackend('cpu'));

const exact = { rtol: 0, atol: 0 } as const;

it('keeps all 65,536 values, and rounds what lies between them, eagerly and compiled', async () => {
  const values = Array.from({ length: 65_536 }, (_, bits) => decodeHalf(bits));
  // Thirds and middles between neighbours: ties among them, subnormals, and what overflows.
  const between = values.flatMap((value, bits) => {
    const next = values[bits + 1] ?? 65_536;
    return Number.isFinite(value) ? [value + (next - value) / 2, value + (next - value) / 3] : [];
  });
  const x = Float32Array.from([...values, ...between, 65_519.99, 65_520, -65_520, 1e38]);
  const expected = x.map(halfValue);
  expect(expected.slice(0, 65_536)).toEqual(Float32Array.from(values));
  for (const y of [
    roundToFloat16(tf.tensor1d(x)),
    await compile((z: tf.Tensor1D) => roundToFloat16(z))(tf.tensor1d(x)),
  ])
    expect(y.dataSync()).toBeAllClose(expected, exact);
});

it('lets the gradient through unchanged', async () => {
  const slope = (x: tf.Tensor1D): tf.Tensor => tf.grad((y: tf.Tensor) => tf.sum(tf.square(roundToFloat16(y))))(x);
  const x = [1 / 3, 2049, 1e-9];
  // 2 * 2048: the middle between 2048 and 2050 goes to the even one.
  const expected = [2 * halfValue(1 / 3), 4096, 0];
  for (const gradient of [slope(tf.tensor1d(x)), await compile(slope)(tf.tensor1d(x))])
    expect(gradient).toBeAllClose(expected, exact);
});

it('rounds constants of a trace', async () => {
  const f = compile((x: tf.Tensor) => tf.add(x, roundToFloat16(tf.fill([2], 1 / 3))));
  expect(await f(tf.zeros([2]))).toBeAllClose([halfValue(1 / 3), halfValue(1 / 3)], exact);
});
