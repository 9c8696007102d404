import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { DataError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { draw, mean, sum, tensor } from '../../../../test/golden/losses/cases.js';
import { diagnostics } from '../../../../test/golden/losses/diagnostics.js';
import '../../../../test/support/to-be-all-close.js';
import { covarianceSpectrum } from './covariance-spectrum.js';

const cases = diagnostics.features.flatMap(({ z, spectrum, unitSpectrum }) =>
  spectrum === undefined || unitSpectrum === undefined ? [] : [{ z, spectrum, unitSpectrum }],
);

it.each(cases.map((_, index) => index))('agrees with numpy, case %i', async (index) => {
  const { z, spectrum, unitSpectrum } = cases[index]!;
  const features = tensor(z) as tf.Tensor2D;
  const near = (expected: readonly number[]): { rtol: number; atol: number } => ({
    rtol: 3e-8,
    atol: 1e-12 * expected[0]!,
  });
  expect(await covarianceSpectrum(features)).toBeAllClose(Float64Array.from(spectrum.data), near(spectrum.data));
  expect(await covarianceSpectrum(features, { normalize: true })).toBeAllClose(
    Float64Array.from(unitSpectrum.data),
    near(unitSpectrum.data),
  );
});

it('sums to the variance of all dimensions, and does not see the mean', async () => {
  const z = draw(2, 9, 4);
  const variance = sum(
    [0, 1, 2, 3].map((d) => {
      const column = z.map((row) => row[d]!);
      return sum(column.map((x) => (x - mean(column)) ** 2)) / 8;
    }),
  );
  const spectrum = await covarianceSpectrum(tf.tensor2d(z));
  expect(sum([...spectrum])).toBeAllClose(variance, { rtol: 1e-6 });
  expect(await covarianceSpectrum(tf.add(tf.tensor2d(z), 8))).toBeAllClose(spectrum, { rtol: 1e-5 });
});

it('has 0 where features do not vary, and beyond the rows', async () => {
  expect(await covarianceSpectrum(tf.ones([4, 3]))).toEqual(new Float64Array(3));
  expect(await covarianceSpectrum(tf.zeros([4, 3]), { normalize: true })).toEqual(new Float64Array(3));
  const spectrum = await covarianceSpectrum(tf.tensor2d(draw(3, 3, 6)));
  expect(spectrum.map((value) => (value > 0 ? 1 : 0))).toEqual(Float64Array.of(1, 1, 0, 0, 0, 0));
});

it('names what is wrong', async () => {
  await expect(covarianceSpectrum(tf.zeros([1, 3]))).rejects.toThrow(
    'covarianceSpectrum: z must be two or more rows, got [1, 3]',
  );
  await expect(covarianceSpectrum(tf.zeros([3]) as never)).rejects.toThrow(ShapeError);
  await expect(covarianceSpectrum(tf.tensor2d([[1], [NaN]]))).rejects.toThrow(DataError);
});
