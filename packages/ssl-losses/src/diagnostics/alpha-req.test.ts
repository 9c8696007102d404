import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { tensor } from '../../../../test/golden/losses/cases.js';
import { diagnostics } from '../../../../test/golden/losses/diagnostics.js';
import '../../../../test/support/to-be-all-close.js';
import { alphaReq } from './alpha-req.js';

const cases = diagnostics.features.flatMap(({ z, range, alpha }) =>
  range === undefined || alpha === undefined ? [] : [{ z, range, alpha }],
);

it.each(cases.map((_, index) => index))('agrees with numpy, case %i', async (index) => {
  const { z, range, alpha } = cases[index]!;
  expect(await alphaReq(tensor(z) as tf.Tensor2D, { range })).toBeAllClose(alpha);
});

it('finds the exponent that made the features', async () => {
  const rows = [1, 2, 3, 4].flatMap((i) =>
    [1, -1].map((sign) => [1, 2, 3, 4].map((j) => (i === j ? sign * j ** -0.75 : 0))),
  );
  expect(await alphaReq(tf.tensor2d(rows))).toBeAllClose(1.5);
  expect(await alphaReq(tf.mul(tf.tensor2d(rows), 100))).toBeAllClose(1.5);
  expect(await alphaReq(tf.concat([tf.eye(2), tf.neg(tf.eye(2))]) as tf.Tensor2D)).toBeAllClose(0);
});

it('names what is wrong', async () => {
  await expect(alphaReq(tf.ones([4, 3]))).rejects.toThrow(DataError);
  await expect(alphaReq(tf.eye(3), { range: [3, 9] })).rejects.toThrow(
    'two or more eigenvalues above 0 in the range, got 0',
  );
  for (const range of [
    [0, 2],
    [2, 2],
    [1, 2.5],
  ] as const)
    await expect(alphaReq(tf.eye(3), { range })).rejects.toThrow(InvalidOptionError);
});
