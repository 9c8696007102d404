import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
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
  whole,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { cbow } from './cbow.js';
import { skipGramNegativeSampling } from './skip-gram-negative-sampling.js';

/** By loops in float64; `width` rows of `window` and `k` of `negatives` for each target. */
function naive(window: Rows, targets: Rows, negatives: Rows, mask: Rows, combine: 'mean' | 'sum'): number[] {
  const [width, k] = [window.length / targets.length, negatives.length / targets.length];
  return targets.map((target, i) => {
    const words = window.slice(i * width, (i + 1) * width).filter((_, t) => mask[i]![t] === 1);
    const divisor = combine === 'mean' ? Math.max(words.length, 1) : 1;
    const hidden = target.map((_, column) => sum(words.map((word) => word[column]!)) / divisor);
    return (
      softplus(-dot(hidden, target)) + sum(negatives.slice(i * k, (i + 1) * k).map((row) => softplus(dot(hidden, row))))
    );
  });
}

const cube = (x: tf.Tensor, batch: number): tf.Tensor3D => tf.reshape(x, [batch, -1, x.shape[1]!]);
const whole2d = (rows: Rows): tf.Tensor2D => tf.tensor2d(rows, undefined, 'int32');

describe.each(modes)('cbow against PyTorch, %s', (mode) => {
  it.each(contrastive.cbow.map(({ options }, index) => [index, options.combine] as const))(
    'case %i, %s of the window',
    async (index) => {
      const golden = contrastive.cbow[index]!;
      await expectGolden(mode, golden, (...x) =>
        cbow(...(x as [tf.Tensor3D, tf.Tensor2D, tf.Tensor3D]), {
          ...golden.options,
          mask: whole(golden.mask) as tf.Tensor2D,
        }),
      );
    },
  );
});

describe('cbow', () => {
  const [window, targets, negatives] = [draw(1, 9, 4), draw(2, 3, 4), draw(3, 6, 4)] as const;
  const mask = [
    [1, 0, 1],
    [1, 1, 1],
    [0, 0, 0],
  ];
  it.each(['mean', 'sum'] as const)('is the loops with the %s of the window', async (combine) => {
    const own = whole2d(mask);
    expect(
      cbow(cube(tf.tensor2d(window), 3), tf.tensor2d(targets), cube(tf.tensor2d(negatives), 3), {
        combine,
        mask: own,
        reduction: 'none',
      }),
    ).toBeAllClose(naive(window, targets, negatives, mask, combine));
    await expectSlopes(
      (w, u, n) => cbow(cube(w!, 3), u!, cube(n!, 3), { combine, mask: own }),
      (w, u, n) => mean(naive(w!, u!, n!, mask, combine)),
      [window, targets, negatives],
    );
  });

  it('a window of one word is the skip-gram', () => {
    const [w, u, n] = [tf.tensor2d(targets), tf.tensor2d(draw(4, 3, 4)), cube(tf.tensor2d(negatives), 3)];
    expect(cbow(cube(w, 3), u, n)).toBeAllClose(skipGramNegativeSampling(w, u, n));
  });

  it('the order of the words does not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const order = [...new RandomStream(randomKey(seed)).permutation(3)];
        const turned = window.map((_, row) => window[3 * Math.floor(row / 3) + order[row % 3]!]!);
        const [u, n] = [tf.tensor2d(targets), cube(tf.tensor2d(negatives), 3)];
        expect(cbow(cube(tf.tensor2d(turned), 3), u, n)).toBeAllClose(cbow(cube(tf.tensor2d(window), 3), u, n));
      }),
      { seed: 5, numRuns: 20 },
    ));

  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    await expectFinite((w, u, n) => cbow(cube(w!, 4), u!, cube(n!, 4)), [rows, rows, rows]);
  });

  it('names what is wrong', () => {
    const [x, w] = [tf.ones([3, 2]) as tf.Tensor2D, tf.ones([3, 4, 2]) as tf.Tensor3D];
    expect(() => cbow(w, tf.ones([2, 2]), w)).toThrow('cbow: targets must be float32 [3, 2]');
    expect(() => cbow(w, x, tf.ones([3, 1, 3]))).toThrow(ShapeError);
    expect(() => cbow(w, x, w, { mask: tf.ones([3, 3]) })).toThrow('mask must be');
    expect(() => cbow(w, x, w, { combine: 'max' as 'sum' })).toThrow(InvalidOptionError);
  });
});
