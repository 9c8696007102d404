import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  contrastive,
  dot,
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
import { skipGramNegativeSampling } from './skip-gram-negative-sampling.js';

/** Equation 4 of the paper by loops in float64; `k` rows of negatives for each center. */
const naive = (centers: Rows, contexts: Rows, negatives: Rows, k: number): number[] =>
  centers.map(
    (center, i) =>
      softplus(-dot(center, contexts[i]!)) +
      sum(negatives.slice(i * k, (i + 1) * k).map((negative) => softplus(dot(center, negative)))),
  );

const cube = (x: tf.Tensor, batch: number): tf.Tensor3D => tf.reshape(x, [batch, -1, x.shape[1]!]);

describe.each(modes)('skipGramNegativeSampling against PyTorch, %s', (mode) => {
  it.each(contrastive.skipGram.map((_, index) => index))('case %i', async (index) => {
    await expectGolden(mode, contrastive.skipGram[index]!, (...x) =>
      skipGramNegativeSampling(...(x as [tf.Tensor2D, tf.Tensor2D, tf.Tensor3D])),
    );
  });
});

describe('skipGramNegativeSampling', () => {
  const [centers, contexts, negatives] = [draw(1, 3, 4), draw(2, 3, 4), draw(3, 6, 4)] as const;
  it('is the loops', async () => {
    expect(
      skipGramNegativeSampling(tf.tensor2d(centers), tf.tensor2d(contexts), cube(tf.tensor2d(negatives), 3), {
        reduction: 'none',
      }),
    ).toBeAllClose(naive(centers, contexts, negatives, 2));
    await expectSlopes(
      (v, u, n) => skipGramNegativeSampling(v!, u!, cube(n!, 3)),
      (v, u, n) => mean(naive(v!, u!, n!, 2)),
      [centers, contexts, negatives],
    );
  });

  it('rotations of all vectors and the order of the negatives do not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const angle = new RandomStream(randomKey(seed)).uniform(0, 6);
        const turned = (rows: Rows): tf.Tensor2D =>
          tf.tensor2d(
            rows.map(([a, b, ...rest]) => [
              a! * Math.cos(angle) - b! * Math.sin(angle),
              a! * Math.sin(angle) + b! * Math.cos(angle),
              ...rest,
            ]),
          );
        const swapped = negatives.map((_, i) => negatives[i ^ 1]!);
        expect(skipGramNegativeSampling(turned(centers), turned(contexts), cube(turned(swapped), 3))).toBeAllClose(
          mean(naive(centers, contexts, negatives, 2)),
          { rtol: 1e-5 },
        );
      }),
      { seed: 5, numRuns: 20 },
    ));

  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    await expectFinite((v, u, n) => skipGramNegativeSampling(v!, u!, cube(n!, 4)), [rows, rows, rows]);
  });

  it('names what is wrong', () => {
    const x = tf.ones([3, 2]) as tf.Tensor2D;
    expect(() => skipGramNegativeSampling(x, tf.ones([2, 2]), tf.ones([3, 1, 2]))).toThrow('contexts must be');
    expect(() => skipGramNegativeSampling(x, x, tf.ones([2, 1, 2]))).toThrow('negatives must be float32 [3, k, 2]');
    expect(() => skipGramNegativeSampling(x, x, x as never)).toThrow(ShapeError);
  });
});
