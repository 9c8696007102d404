import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
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
import { ClassDistribution } from '../state/class-distribution.js';
import { fixMatch } from './fix-match.js';
import { pseudoLabels } from './pseudo-labels.js';

const shares = (row: readonly number[]): number[] => logSoftmax(row).map(Math.exp);
const naive = (weak: Rows, strong: Rows, threshold: number, temperature?: number): number[] =>
  weak.map((row, i) => {
    const [q, scores] = [shares(row), logSoftmax(strong[i]!)];
    const surest = Math.max(...q);
    if (surest < threshold) return 0;
    if (temperature === undefined) return -scores[q.indexOf(surest)]!;
    return -sum(shares(row.map((x) => x / temperature)).map((share, c) => share * scores[c]!));
  });

describeGoldens('fixMatch', transfer.fixMatch, ([weak, strong], [average, target], options) =>
  fixMatch(weak as tf.Tensor2D, strong as tf.Tensor2D, {
    ...options,
    ...(average !== undefined && {
      alignment: { average: average as tf.Tensor1D, ...(target !== undefined && { target: target as tf.Tensor1D }) },
    }),
  }),
);

describe('fixMatch', () => {
  const [weak, strong] = [draw(1, 6, 4, 2), draw(2, 6, 4)];

  it('agrees with loops', async () => {
    await expectAsNaive(
      (x) => fixMatch(tf.tensor2d(weak), x, { threshold: 0.6 }),
      (x) => mean(naive(weak, x, 0.6)),
      strong,
    );
    const options = { threshold: 0.6, hardLabels: false, temperature: 0.7, reduction: 'sum' } as const;
    await expectAsNaive(
      (x) => fixMatch(tf.tensor2d(weak), x, options),
      (x) => sum(naive(weak, x, 0.6, 0.7)),
      strong,
    );
    const none = fixMatch(tf.tensor2d(weak), tf.tensor2d(strong), { threshold: 0.6, reduction: 'none' });
    const expected = naive(weak, strong, 0.6);
    expect(expected).toContain(0);
    expect(none).toBeAllClose(expected);
  });

  it('lets no gradient into the weak view', () => {
    for (const hardLabels of [true, false]) {
      const slope = tf.grad((x) => fixMatch(x as tf.Tensor2D, tf.tensor2d(strong), { threshold: 0, hardLabels }));
      expect(slope(tf.tensor2d(weak))).toBeAllClose(weak.map((row) => row.map(() => 0)));
    }
  });

  it.each(['eager', 'compiled'])('aligns by an average that moves with the steps, %s', async (mode) => {
    const state = new ClassDistribution(4);
    const update = (w: tf.Tensor2D, x: tf.Tensor2D): tf.Scalar => {
      state.update(pseudoLabels(w).probabilities, 0.5);
      return fixMatch(w, x, { threshold: 0, alignment: { average: state.buffers.average } });
    };
    const step = mode === 'compiled' ? compile(update) : update;
    let average = [0.25, 0.25, 0.25, 0.25];
    for (const seed of [5, 6]) {
      const w = draw(seed, 6, 4, 2);
      average = average.map((share, c) => 0.5 * share + 0.5 * mean(w.map((row) => shares(row)[c]!)));
      const labels = w.map((row) => {
        const aligned = shares(row).map((share, c) => share / average[c]!);
        return aligned.indexOf(Math.max(...aligned));
      });
      const expected = mean(strong.map((row, i) => -logSoftmax(row)[labels[i]!]!));
      expect(await step(tf.tensor2d(w), tf.tensor2d(strong))).toBeAllClose(expected);
      expect(state.buffers.average).toBeAllClose(average);
    }
    state.dispose();
  });

  it('does not depend on the order of samples, nor on numbers added to their scores', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.boolean(), (seed, hardLabels) => {
        const [a, b] = [draw(seed, 5, 3, 2), draw(seed + 1, 5, 3)];
        const order = [...new RandomStream(randomKey(seed)).permutation(5)];
        const options = { threshold: 0.7, hardLabels };
        const moved = [a, b].map((rows) => tf.tensor2d(order.map((i) => rows[i]!.map((x) => x + i))));
        const expected = fixMatch(tf.tensor2d(a), tf.tensor2d(b), options);
        expect(fixMatch(moved[0]!, moved[1]!, options)).toBeAllClose(expected, { atol: 5e-6 });
      }),
      { seed: 32, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    const average = (): tf.Tensor1D => tf.tensor1d([1, 0, 0, 0]);
    for (const hardLabels of [true, false]) {
      await expectFinite((a, b) => fixMatch(a!, b!, { threshold: 0, hardLabels, temperature: 0.01 }), x, x);
      await expectFinite(
        (a, b) => fixMatch(a!, b!, { threshold: 0, hardLabels, alignment: { average: average() } }),
        x,
        x,
      );
    }
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3]) as tf.Tensor2D;
    expect(() => fixMatch(x, tf.zeros([2, 4]))).toThrow('fixMatch: strong must be float32 [2, 3], got float32 [2, 4]');
    expect(() => fixMatch(x, x, { temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => fixMatch(x, x, { threshold: -1 })).toThrow(InvalidOptionError);
  });
});
