import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  contrastive,
  cosine,
  draw,
  expectFinite,
  expectGolden,
  expectSlopes,
  extremes,
  logSumExp,
  mean,
  modes,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { clipLoss } from './clip-loss.js';

/** Figure 3 of the paper by loops in float64. */
const naive = (images: Rows, texts: Rows, logScale: number): number[] =>
  images.map((image, i) => {
    const score = (x: readonly number[], y: readonly number[]): number => Math.exp(logScale) * cosine(x, y);
    const [ofImage, ofText] = [texts.map((text) => score(image, text)), images.map((x) => score(x, texts[i]!))];
    return (logSumExp(ofImage) + logSumExp(ofText)) / 2 - ofImage[i]!;
  });

const parts = (x: tf.Tensor[]): [tf.Tensor2D, tf.Tensor2D, tf.Scalar] => x as never;

describe.each(modes)('clipLoss against transformers, %s', (mode) => {
  it.each(contrastive.clip.map((_, index) => index))('case %i', async (index) => {
    const golden = contrastive.clip[index]!;
    // The gradient of the scale is what is left of differences of logits of 50.
    for (const blocks of [{}, { blockRows: 1 }, { blockRows: 2 }, { blockRows: 5 }])
      await expectGolden(mode, golden, (...x) => clipLoss(...parts(x), blocks), 1e-4);
  });
});

describe('clipLoss against loops', () => {
  const [images, texts] = [draw(1, 5, 3), draw(2, 5, 3)];
  it.each([0, Math.log(1 / 0.07), Math.log(100)])('log scale %d', async (logScale) => {
    expect(clipLoss(tf.tensor2d(images), tf.tensor2d(texts), logScale, { reduction: 'none' })).toBeAllClose(
      naive(images, texts, logScale),
      { rtol: 1e-5, atol: 2e-5 },
    );
    await expectSlopes(
      (x, y, s) => clipLoss(x!, y!, tf.reshape(s!, [])),
      (x, y, s) => mean(naive(x!, y!, s![0]![0]!)),
      [images, texts, [[logScale - 1e-3]]],
      1e-4,
    );
  });

  it('counts a larger scale as the limit, with the gradient there', () => {
    const [x, y] = [tf.tensor2d(images), tf.tensor2d(texts)];
    const at = (logScale: number, maxScale: number): { value: tf.Tensor; grad: tf.Tensor } =>
      tf.valueAndGrad((s) => clipLoss(x, y, s as tf.Scalar, { maxScale }))(tf.scalar(logScale));
    const [beyond, limit] = [at(5, 20), at(Math.log(20), 20)];
    expect(beyond.value).toBeAllClose(limit.value);
    expect(beyond.grad).toBeAllClose(limit.grad);
    expect(Math.abs(limit.grad.dataSync()[0]!)).toBeGreaterThan(0.1);
    expect(clipLoss(x, y, 5)).toBeAllClose(clipLoss(x, y, Math.log(100)));
  });

  it('neither the order of the pairs nor which side is which matters', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const order = [...new RandomStream(randomKey(seed)).permutation(5)];
        const [x, y] = [draw(seed, 5, 4), draw(seed + 1, 5, 4)];
        const ordered = (rows: Rows): tf.Tensor2D => tf.tensor2d(order.map((i) => rows[i]!.map((v) => v * (i + 1))));
        expect(clipLoss(ordered(y), ordered(x), 2)).toBeAllClose(clipLoss(tf.tensor2d(x), tf.tensor2d(y), 2), {
          rtol: 2e-5,
          atol: 1e-5,
        });
      }),
      { seed: 5, numRuns: 20 },
    ));
});

describe('clipLoss at the edges', () => {
  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    await expectFinite((x, y) => clipLoss(x!, y!, 9), [rows, rows]);
  });

  it.each(extremes(4).slice(0, 2))('%s cannot be told apart', async (_name, rows) => {
    expect(clipLoss(tf.tensor2d(rows), tf.tensor2d(rows), 9)).toBeAllClose(Math.log(4), { rtol: 1e-5 });
  });

  it('names what is wrong', () => {
    const x = tf.ones([3, 2]) as tf.Tensor2D;
    expect(() => clipLoss(x, tf.ones([4, 2]), 1)).toThrow('clipLoss: texts must be float32 [3, 2]');
    expect(() => clipLoss(x, x, tf.ones([1]) as never)).toThrow('clipLoss: logScale must be float32 []');
    expect(() => clipLoss(tf.ones([1, 2]), tf.ones([1, 2]), 1)).toThrow(ShapeError);
    expect(() => clipLoss(x, x, 1, { maxScale: 0 })).toThrow(InvalidOptionError);
  });
});
