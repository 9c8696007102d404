import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { DataError, ndArray, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { draw, tensor } from '../../../../test/golden/losses/cases.js';
import { diagnostics } from '../../../../test/golden/losses/diagnostics.js';
import '../../../../test/support/to-be-all-close.js';
import { singularValues } from './singular-values.js';

it.each(diagnostics.features.map((_, index) => index))('agrees with numpy, case %i', async (index) => {
  const { z, singularValues: expected } = diagnostics.features[index]!;
  const largest = expected.data[0]!;
  const got = await singularValues(tensor(z) as tf.Tensor2D);
  // Roots of eigenvalues: half the digits, for the smallest ones.
  expect(got).toBeAllClose(Float64Array.from(expected.data), { rtol: 1e-7, atol: 5e-8 * largest });
  const rank = expected.data.filter((value) => value > 1e-6 * largest).length;
  expect(got.filter((value) => value > 0).length).toBe(rank);
  expect(await singularValues(ndArray(Float32Array.from(z.data), z.shape))).toEqual(got);
});

it('does not change under a rotation, and grows with the scale', async () => {
  const z = draw(1, 7, 3);
  const [c, s] = [Math.cos(1), Math.sin(1)];
  const turned = z.map(([a, b, d]) => [1e4 * (c! * a! - s * b!), 1e4 * (s * a! + c * b!), 1e4 * d!]);
  const [plain, moved] = [await singularValues(tf.tensor2d(z)), await singularValues(tf.tensor2d(turned))];
  expect(moved).toBeAllClose(
    plain.map((value) => 1e4 * value),
    { rtol: 1e-5 },
  );
  expect(await singularValues(tf.zeros([3, 2]))).toEqual(new Float64Array(2));
});

it('names what is wrong', async () => {
  await expect(singularValues(tf.zeros([3]) as never)).rejects.toThrow(
    'singularValues: z must be [rows, dim], none of them 0, got [3]',
  );
  await expect(singularValues(tf.zeros([0, 3]))).rejects.toThrow(ShapeError);
  await expect(singularValues(tf.tensor2d([[1, NaN]]))).rejects.toThrow(
    'singularValues: z must be finite, got NaN at index 1',
  );
  await expect(singularValues(tf.tensor2d([[Infinity]]))).rejects.toThrow(DataError);
});
