import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { DataError, InvalidOptionError, ndArray, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { draw, tensor } from '../../../../test/golden/losses/cases.js';
import { diagnostics } from '../../../../test/golden/losses/diagnostics.js';
import '../../../../test/support/to-be-all-close.js';
import { lidar } from './lidar.js';

it.each(diagnostics.lidar.map((_, index) => index))('agrees with numpy, case %i', async (index) => {
  const { z, delta, lidar: expected } = diagnostics.lidar[index]!;
  expect(await lidar(tensor(z) as tf.Tensor3D, { delta })).toBeAllClose(expected);
  expect(await lidar(ndArray(Float32Array.from(z.data), z.shape), { delta })).toBeAllClose(expected);
});

it('does not depend on the order of images and views, nor on the mean', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
      const z = draw(seed, 12, 3);
      const views = (rows: number[][]): tf.Tensor3D => tf.reshape(tf.tensor2d(rows), [4, 3, 3]);
      const rank = await lidar(views(z));
      expect(rank).toBeGreaterThanOrEqual(1);
      expect(rank).toBeLessThanOrEqual(3 + 1e-5);
      const moved = z.map((row) => row.map((x) => x + 4)).reverse();
      expect(await lidar(views(moved))).toBeAllClose(rank, { rtol: 1e-5 });
    }),
    { seed: 62, numRuns: 20 },
  ));

it('counts the directions along which images differ; none is 0', async () => {
  const images = [
    [1, 0],
    [-1, 0],
  ].map((mean) =>
    [1, -1].flatMap((a) => [
      [mean[0]! + 0.1 * a, 0.1],
      [mean[0]! - 0.1 * a, -0.1],
    ]),
  );
  expect(await lidar(tf.tensor3d(images))).toBeAllClose(1, { rtol: 1e-4 });
  expect(await lidar(tf.ones([3, 2, 4]))).toBe(0);
  expect(await lidar(tf.tensor3d(images.map((views) => views.map(() => views[0]!))))).toBeAllClose(1, { rtol: 1e-4 });
});

it('names what is wrong', async () => {
  await expect(lidar(tf.zeros([1, 2, 3]))).rejects.toThrow(
    'lidar: z must be two or more images, each in two or more views, got [1, 2, 3]',
  );
  await expect(lidar(tf.zeros([4, 3]) as never)).rejects.toThrow(ShapeError);
  await expect(lidar(tf.fill([2, 2, 1], NaN))).rejects.toThrow(DataError);
  await expect(lidar(tf.zeros([2, 2, 1]), { delta: 0 })).rejects.toThrow(InvalidOptionError);
});
