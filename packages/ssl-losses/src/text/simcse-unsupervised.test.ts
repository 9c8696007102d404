import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  contrastive,
  cosine,
  draw,
  expectGolden,
  expectSlopes,
  logSumExp,
  mean,
  modes,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { infoNCE } from '../contrastive/info-nce.js';
import { simcseUnsupervised } from './simcse-unsupervised.js';

describe.each(modes)("simcseUnsupervised against the authors' formula, %s", (mode) => {
  it.each(contrastive.simcse.map((_, index) => index))('case %i', async (index) => {
    const golden = contrastive.simcse[index]!;
    await expectGolden(mode, golden, (...x) =>
      simcseUnsupervised(...(x as [tf.Tensor2D, tf.Tensor2D]), golden.options),
    );
  });
});

describe('simcseUnsupervised', () => {
  it('is equation 4 by loops, at temperature 0.05 by default', async () => {
    const [first, second] = [draw(1, 5, 3), draw(2, 5, 3)];
    const naive = (x: Rows, y: Rows): number[] =>
      x.map((row, i) => {
        const scores = y.map((other) => cosine(row, other) / 0.05);
        return logSumExp(scores) - scores[i]!;
      });
    const [a, b] = [tf.tensor2d(first), tf.tensor2d(second)];
    expect(simcseUnsupervised(a, b, { reduction: 'none' })).toBeAllClose(naive(first, second), { atol: 2e-5 });
    expect(simcseUnsupervised(a, b)).toBeAllClose(infoNCE(a, b, undefined, { temperature: 0.05 }));
    await expectSlopes(
      (x, y) => simcseUnsupervised(x!, y!),
      (x, y) => mean(naive(x!, y!)),
      [first, second],
      1e-4,
    );
  });
});
