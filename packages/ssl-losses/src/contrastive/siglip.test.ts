import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  contrastive,
  cosine,
  draw,
  expectFinite,
  expectGolden,
  expectSlopes,
  extremes,
  mean,
  modes,
  softplus,
  sum,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { siglip } from './siglip.js';

/** Algorithm 1 of the paper by loops in float64. */
const naive = (images: Rows, texts: Rows, logScale: number, bias: number): number[] =>
  images.map((image, i) =>
    sum(
      texts.map((text, j) => {
        const logit = Math.exp(logScale) * cosine(image, text) + bias;
        return softplus(i === j ? -logit : logit);
      }),
    ),
  );

const parts = (x: tf.Tensor[]): [tf.Tensor2D, tf.Tensor2D, tf.Scalar, tf.Scalar] => x as never;

describe.each(modes)('siglip against transformers, %s', (mode) => {
  it.each(contrastive.siglip.map((_, index) => index))('case %i', async (index) => {
    const golden = contrastive.siglip[index]!;
    await expectGolden(mode, golden, (...x) => siglip(...parts(x)));
    for (const blockRows of [1, 2, 5]) await expectGolden(mode, golden, (...x) => siglip(...parts(x), { blockRows }));
  });
});

describe('siglip against loops', () => {
  const [images, texts] = [draw(1, 5, 3), draw(2, 5, 3)];
  it.each([
    [Math.log(10), -10],
    [0, 0],
    [4, 3],
  ])('log scale %d, bias %d', async (logScale, bias) => {
    expect(siglip(tf.tensor2d(images), tf.tensor2d(texts), logScale, bias, { reduction: 'none' })).toBeAllClose(
      naive(images, texts, logScale, bias),
      { rtol: 1e-5, atol: 2e-5 },
    );
    await expectSlopes(
      (x, y, s, b) => siglip(x!, y!, tf.reshape(s!, []), tf.reshape(b!, [])),
      (x, y, s, b) => mean(naive(x!, y!, s![0]![0]!, b![0]![0]!)),
      [images, texts, [[logScale]], [[bias]]],
      1e-4,
    );
  });

  it('stays exact where nearly all pairs are told right', () => {
    const x = tf.tensor2d([
      [1, 0],
      [-1, 0],
    ]);
    // Matching pairs have the logit 20, the others -20.
    expect(siglip(x, x, Math.log(20), 0)).toBeAllClose(2 * Math.log1p(Math.exp(-20)), { rtol: 1e-4, atol: 0 });
  });

  it('neither the order of the pairs nor which side is which matters to the mean', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const order = [...new RandomStream(randomKey(seed)).permutation(5)];
        const [x, y] = [draw(seed, 5, 4), draw(seed + 1, 5, 4)];
        const ordered = (rows: Rows): tf.Tensor2D => tf.tensor2d(order.map((i) => rows[i]!.map((v) => v * (i + 1))));
        expect(siglip(ordered(y), ordered(x), 2, -3)).toBeAllClose(siglip(tf.tensor2d(x), tf.tensor2d(y), 2, -3), {
          rtol: 2e-5,
          atol: 1e-5,
        });
      }),
      { seed: 5, numRuns: 20 },
    ));
});

describe('siglip at the edges', () => {
  it.each([...extremes(4), ['one pair', draw(7, 1, 3)] as const])('%s are finite', async (_name, rows) => {
    await expectFinite((x, y) => siglip(x!, y!, 9, -10), [rows, rows]);
  });

  it('names what is wrong', () => {
    const x = tf.ones([3, 2]) as tf.Tensor2D;
    expect(() => siglip(x, tf.ones([4, 2]), 1, 0)).toThrow('siglip: texts must be float32 [3, 2]');
    expect(() => siglip(x, x, 1, tf.ones([1]) as never)).toThrow(ShapeError);
    expect(() => siglip(x, x, 1, 0, { reduction: 'median' as 'mean' })).toThrow("'mean', 'sum' or 'none'");
  });
});
