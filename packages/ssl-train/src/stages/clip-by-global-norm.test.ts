import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { clipByGlobalNorm } from './clip-by-global-norm.js';

it('measures large gradients to 1e-6 of float64, eagerly and compiled', async () => {
  const gradients = { a: tf.fill([512, 1031], 0.1), b: tf.fill([3], 0.1), c: tf.fill([2 ** 20], 0.1) };
  const expected = Math.sqrt((512 * 1031 + 3 + 2 ** 20) * Math.fround(0.1) ** 2);
  const run = (given: typeof gradients): tf.Scalar => clipByGlobalNorm(1).apply(given).metrics!['gradientNorm']!;
  for (const norm of [run(gradients), await compile(run)(gradients)])
    expect(Math.abs(norm.dataSync()[0]! / expected - 1)).toBeLessThan(1e-6);
});

it('leaves small gradients exactly as they are', () => {
  const { gradients } = clipByGlobalNorm(1).apply({ a: tf.tensor1d([0.3, -0.4]) });
  expect(gradients['a']!.dataSync()).toEqual(Float32Array.of(0.3, -0.4));
});

it('refuses a limit of 0, and text', () => {
  for (const maxNorm of [0, NaN, '1' as unknown as number])
    expect(() => clipByGlobalNorm(maxNorm)).toThrow(InvalidOptionError);
});
