import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  logSoftmax,
  mean,
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import '../../../../test/support/to-be-all-close.js';
import { dice } from './dice.js';

const labels = [2, 0, 1, 2, -100, 0];
const counted = labels.map((label) => label >= 0);
/** One sample of six places, three classes. */
const naive = (logits: Rows, squared: boolean): number => {
  const p = logits.map((row) => logSoftmax(row).map(Math.exp));
  return mean(
    [0, 1, 2].map((c) => {
      const column = p.map((row) => row[c]!).filter((_, i) => counted[i]);
      const truth = labels.filter((label) => label >= 0).map((label) => (label === c ? 1 : 0));
      const size = sum(column.map((x) => (squared ? x * x : x))) + sum(truth);
      return 1 - (2 * sum(column.map((x, i) => x * truth[i]!)) + 1e-5) / (size + 1e-5);
    }),
  );
};
const y = (): tf.Tensor2D => tf.tensor2d([labels], [1, 6], 'int32');

describeGoldens('dice', transfer.dice, ([x], [t, classWeights], options) =>
  dice(x!, t!, { ...options, ...(classWeights !== undefined && { classWeights: classWeights as tf.Tensor1D }) }),
);

describe('dice', () => {
  it.each([false, true])('agrees with loops, squared %s', (squared) =>
    expectAsNaive(
      (x) => dice(tf.expandDims(x), y(), { squared }),
      (x) => naive(x, squared),
      draw(1, 6, 3, 2),
    ),
  );

  it('gives a value for each sample', () => {
    const [a, b] = [draw(2, 6, 3), draw(3, 6, 3)];
    const both = tf.tensor2d([labels, labels], [2, 6], 'int32');
    const none = dice(tf.tensor3d([a, b]), both, { reduction: 'none' });
    expect(none).toBeAllClose([naive(a, false), naive(b, false)]);
    expect(dice(tf.tensor3d([a, b]), both, { reduction: 'sum' })).toBeAllClose(naive(a, false) + naive(b, false));
  });

  it('is 0 for a perfect prediction and 1 for a disjoint one', () => {
    const truth = tf.tensor3d([
      [
        [1, 0],
        [0, 1],
        [1, 0],
      ],
    ]);
    const options = { activation: 'none', smoothNumerator: 0 } as const;
    for (const jaccard of [false, true]) {
      expect(dice(truth, truth, { ...options, jaccard })).toBeAllClose(0, { atol: 1e-5 });
      expect(dice(tf.sub(1, truth), truth, { ...options, jaccard })).toBeAllClose(1);
    }
  });

  it('the order of places and ignored places do not matter; jaccard follows from dice', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const x = draw(seed, 6, 3, 2);
        const order = [...new RandomStream(randomKey(seed)).permutation(6)];
        const moved = tf.tensor3d([order.map((i) => x[i]!.map((value) => (counted[i] ? value : -value * 9)))]);
        const target = tf.tensor2d([order.map((i) => labels[i]!)], [1, 6], 'int32');
        expect(dice(moved, target)).toBeAllClose(dice(tf.tensor3d([x]), y()));
        const one = { smoothNumerator: 0, smoothDenominator: 1e-12, activation: 'sigmoid' } as const;
        const [column, truth] = [
          tf.tensor3d([x.map((row) => [row[0]!])]),
          tf.tensor3d([labels.map((z) => [z === 0 ? 1 : 0])]),
        ];
        const lack = dice(column, truth, one).dataSync()[0]!;
        expect(dice(column, truth, { ...one, jaccard: true })).toBeAllClose((2 * lack) / (1 + lack));
      }),
      { seed: 41, numRuns: 25 },
    ));

  it.each(extremes(6, 3))('%s stay finite', async (_, x) => {
    await expectFinite((z) => dice(tf.expandDims(z!), y()), x);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 4, 3]);
    expect(() => dice(x, tf.zeros([2, 4], 'int32'), { reduction: 'none', batch: true })).toThrow(
      'dice: batch must be off without reduction, got true',
    );
    expect(() => dice(x, tf.zeros([2, 5], 'int32'))).toThrow(
      'target must be float32 or int32 [2, 4], got int32 [2, 5]',
    );
    expect(() => dice(x, tf.zeros([2, 4]))).toThrow('target must be float32 or int32 [2, 4, 3], got float32 [2, 4]');
    expect(() => dice(tf.zeros([2, 4, 1]), tf.zeros([2, 4, 1]), { includeBackground: false })).toThrow(ShapeError);
    expect(() => dice(x, x, { classWeights: tf.zeros([2]) as tf.Tensor1D })).toThrow(
      'classWeights must be float32 [3]',
    );
    expect(() => dice(x, x, { smoothDenominator: 0 })).toThrow(InvalidOptionError);
    expect(() => dice(x, x, { activation: 'relu' as 'none' })).toThrow(InvalidOptionError);
  });
});
