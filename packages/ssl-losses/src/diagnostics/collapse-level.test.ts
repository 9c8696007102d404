import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { draw, tensor } from '../../../../test/golden/losses/cases.js';
import { diagnostics } from '../../../../test/golden/losses/diagnostics.js';
import '../../../../test/support/to-be-all-close.js';
import { collapseLevel } from './collapse-level.js';
import { featureStd } from './feature-std.js';

const cases = diagnostics.features.flatMap(({ z, std, collapseLevel: level }) =>
  std === undefined || level === undefined ? [] : [{ z, std, level }],
);

it.each(cases.map((_, index) => index))('agrees with lightly, case %i', async (index) => {
  const { z, std, level } = cases[index]!;
  const features = tensor(z) as tf.Tensor2D;
  expect(featureStd(features)).toBeAllClose(std);
  expect(collapseLevel(features)).toBeAllClose(level, { atol: 3e-6 });
  expect(await compile((x: tf.Tensor2D) => collapseLevel(x))(features)).toBeAllClose(level, { atol: 3e-6 });
});

it('is 1 at collapse and near 0 for isotropic features', () => {
  expect(collapseLevel(tf.ones([4, 3]))).toBeAllClose(1);
  expect(collapseLevel(tf.zeros([4, 3]))).toBeAllClose(1);
  expect(collapseLevel(tf.tensor2d(draw(5, 400, 16))).dataSync()[0]).toBeLessThan(0.02);
  expect(() => collapseLevel(tf.zeros([1, 3]))).toThrow(ShapeError);
});
