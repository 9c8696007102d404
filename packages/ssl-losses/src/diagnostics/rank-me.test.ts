import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ndArray, ShapeError, SslError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { tensor } from '../../../../test/golden/losses/cases.js';
import { diagnostics } from '../../../../test/golden/losses/diagnostics.js';
import '../../../../test/support/to-be-all-close.js';
import { effectiveRank } from './effective-rank.js';
import { rankMe } from './rank-me.js';

it.each(diagnostics.features.map((_, index) => index))('agrees with numpy, case %i', async (index) => {
  const { z, rankMe: expected, effectiveRank: plain } = diagnostics.features[index]!;
  expect(await rankMe(tensor(z) as tf.Tensor2D)).toBeAllClose(expected);
  expect(await rankMe(ndArray(Float32Array.from(z.data), z.shape), { eps: 0 })).toBeAllClose(plain);
});

it('without eps is the effective rank; zero features have 0', async () => {
  const z = tf.tensor2d([
    [1, 2, 3],
    [0, 1, -1],
  ]);
  expect(await rankMe(z, { eps: 0 })).toBe(await effectiveRank(z));
  expect(await rankMe(tf.zeros([3, 2]))).toBe(0);
});

it('reads what a compiled step returned, and names what is wrong', async () => {
  const features = await compile((x: tf.Tensor2D) => tf.mul(x, 2))(tf.eye(4));
  expect(await rankMe(features as tf.Tensor2D)).toBeAllClose(4);
  await expect(rankMe(tf.zeros([2, 2, 2]) as never)).rejects.toThrow(ShapeError);
  await expect(rankMe(tf.eye(2), { eps: -1 })).rejects.toThrow(InvalidOptionError);
  await expect(rankMe(tf.eye(2), { eps: -1 })).rejects.toThrow(SslError);
});
