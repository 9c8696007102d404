import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  dot,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  mean,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import '../../../../test/support/to-be-all-close.js';
import { similarityPreserving } from './similarity-preserving.js';

const similarities = (rows: Rows): Rows =>
  rows.map((a) => {
    const row = rows.map((b) => dot(a, b));
    return row.map((x) => x / Math.sqrt(dot(row, row)));
  });
const naive = (student: Rows, teacher: Rows): number => {
  const [s, t] = [similarities(student), similarities(teacher)];
  return mean(s.flatMap((row, i) => row.map((x, j) => (x - t[i]![j]!) ** 2)));
};

describeGoldens('similarityPreserving', transfer.similarityPreserving, ([s, t]) => similarityPreserving(s!, t!));

describe('similarityPreserving', () => {
  const [student, teacher] = [draw(1, 4, 3), draw(2, 4, 5)];

  it('agrees with loops, and keeps the teacher', async () => {
    await expectAsNaive(
      (x) => similarityPreserving(x, tf.tensor2d(teacher)),
      (x) => naive(x, teacher),
      student,
    );
    const slope = tf.grad((x) => similarityPreserving(tf.tensor2d(student), x))(tf.tensor2d(teacher));
    expect(slope).toBeAllClose(teacher.map((row) => row.map(() => 0)));
  });

  it('does not depend on the order of samples, the order of features or their scale', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1e-4, max: 1e4, noNaN: true }), (seed, scale) => {
        const [s, t] = [draw(seed, 4, 3), draw(seed + 1, 4, 5)];
        const order = [...new RandomStream(randomKey(seed)).permutation(4)];
        const moved = order.map((i) => s[i]!.map((x) => -scale * x).reverse());
        const other = tf.tensor2d(order.map((i) => t[i]!));
        expect(similarityPreserving(tf.tensor2d(moved), other)).toBeAllClose(naive(s, t), { rtol: 1e-4 });
      }),
      { seed: 48, numRuns: 25 },
    ));

  it.each(extremes(4, 3))('%s stay finite', async (_, x) => {
    await expectFinite((s) => similarityPreserving(s!, tf.tensor2d(teacher)), x);
    await expectFinite((s) => similarityPreserving(s!, tf.tensor2d(x)), student);
    expect(await expectFinite((s) => similarityPreserving(s!, tf.ones([1, 2])), [[2, -1]])).toBeCloseTo(0);
  });

  it('names what is wrong', () => {
    expect(() => similarityPreserving(tf.zeros([3, 4]), tf.zeros([2, 4]))).toThrow(
      'teacher must be float32 [3, 4], got float32 [2, 4]',
    );
    expect(() => similarityPreserving(tf.zeros([3]), tf.zeros([3, 2]))).toThrow(ShapeError);
  });
});
