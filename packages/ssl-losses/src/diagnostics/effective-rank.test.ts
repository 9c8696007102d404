import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { DataError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { draw, tensor } from '../../../../test/golden/losses/cases.js';
import { diagnostics } from '../../../../test/golden/losses/diagnostics.js';
import '../../../../test/support/to-be-all-close.js';
import { effectiveRank } from './effective-rank.js';

it.each(diagnostics.features.map((_, index) => index))('agrees with numpy, case %i', async (index) => {
  const { z, effectiveRank: expected } = diagnostics.features[index]!;
  expect(await effectiveRank(tensor(z) as tf.Tensor2D)).toBeAllClose(expected);
});

it('is the rank of orthogonal features, 1 of parallel ones and 0 of none', async () => {
  expect(await effectiveRank(tf.eye(5))).toBeAllClose(5, { rtol: 1e-12 });
  expect(
    await effectiveRank(
      tf.tensor2d([
        [1, 2],
        [-2, -4],
        [3, 6],
      ]),
    ),
  ).toBeAllClose(1, { rtol: 1e-9 });
  expect(await effectiveRank(tf.zeros([3, 2]))).toBe(0);
  expect(
    await effectiveRank(
      tf.tensor2d([
        [6e4, 0],
        [0, 1e-4],
      ]),
    ),
  ).toBeAllClose(1);
});

it('lies between 1 and the smaller side, and does not see order or scale', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      async (seed, rows, dim) => {
        const z = draw(seed, rows, dim);
        const rank = await effectiveRank(tf.tensor2d(z));
        expect(rank).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(rank).toBeLessThanOrEqual(Math.min(rows, dim) + 1e-9);
        const moved = tf.tensor2d(z.map((row) => row.map((x) => 64 * x).reverse()).reverse());
        expect(await effectiveRank(moved)).toBeAllClose(rank, { rtol: 1e-9 });
      },
    ),
    { seed: 61, numRuns: 30 },
  ));

it('names what is wrong', async () => {
  await expect(effectiveRank(tf.zeros([3]) as never)).rejects.toThrow(ShapeError);
  await expect(effectiveRank(tf.tensor2d([[NaN]]))).rejects.toThrow('effectiveRank: z must be finite');
  await expect(effectiveRank(tf.tensor2d([[NaN]]))).rejects.toThrow(DataError);
});
