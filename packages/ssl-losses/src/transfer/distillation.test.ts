import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
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
import { distillation } from './distillation.js';

const labels = [1, 3, 0];
const y = (): tf.Tensor1D => tf.tensor1d(labels, 'int32');
const naive = (student: Rows, teacher: Rows, t: number, alpha: number): number[] =>
  student.map((row, i) => {
    const [s, wanted] = [row, teacher[i]!].map((x) => logSoftmax(x.map((value) => value / t)));
    const soft = t ** 2 * sum(wanted!.map((score, c) => Math.exp(score) * (score - s![c]!)));
    return alpha * soft - (1 - alpha) * logSoftmax(row)[labels[i]!]!;
  });

describeGoldens('distillation', transfer.distillation, ([s, t], [truth], options) =>
  distillation(s as tf.Tensor2D, t as tf.Tensor2D, {
    ...options,
    ...(truth !== undefined && { labels: truth as tf.Tensor1D }),
  }),
);

describe('distillation', () => {
  const [student, teacher] = [draw(1, 3, 4, 2), draw(2, 3, 4, 2)];

  it.each([
    [4, 0.9],
    [0.5, 0.2],
  ])('agrees with loops, temperature %d, alpha %d', async (temperature, alpha) => {
    const t = tf.tensor2d(teacher);
    await expectAsNaive(
      (x) => distillation(x, t, { temperature, alpha, labels: y() }),
      (x) => mean(naive(x, teacher, temperature, alpha)),
      student,
    );
    const none = distillation(tf.tensor2d(student), t, { temperature, alpha, labels: y(), reduction: 'none' });
    expect(none).toBeAllClose(naive(student, teacher, temperature, alpha), { atol: 5e-6 });
  });

  it('lets no gradient into the teacher', () => {
    const slope = tf.grad((x) => distillation(tf.tensor2d(student), x as tf.Tensor2D));
    expect(slope(tf.tensor2d(teacher))).toBeAllClose(teacher.map((row) => row.map(() => 0)));
  });

  it('is 0 or more, 0 for equal logits, and blind to numbers added to a row', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1, max: 8, noNaN: true }), (seed, temperature) => {
        const [s, t] = [tf.tensor2d(draw(seed, 3, 4, 2)), tf.tensor2d(draw(seed + 1, 3, 4, 2))];
        const shift = tf.tensor2d([[1], [-3], [7]]);
        expect(distillation(tf.add(s, shift), s, { temperature })).toBeAllClose(0, { atol: 1e-4 });
        const loss = distillation(s, t, { temperature });
        expect(loss.dataSync()[0]).toBeGreaterThan(0);
        expect(distillation(tf.add(s, shift), t, { temperature })).toBeAllClose(loss, { rtol: 1e-4, atol: 1e-4 });
      }),
      { seed: 44, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    for (const temperature of [0.01, 4])
      await expectFinite((s) => distillation(s!, tf.tensor2d(teacher), { temperature, labels: y() }), x);
    await expectFinite((s) => distillation(s!, tf.tensor2d(x)), student);
    const one = x.map((row) => [row[0]!]);
    expect(await expectFinite((s) => distillation(s!, tf.ones([3, 1])), one)).toBe(0);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => distillation(x, tf.zeros([3, 5]))).toThrow('teacher must be float32 [3, 4], got float32 [3, 5]');
    expect(() => distillation(x, x, { labels: tf.zeros([3]) as tf.Tensor1D })).toThrow(ShapeError);
    expect(() => distillation(x, x, { temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => distillation(x, x, { alpha: 2 })).toThrow(InvalidOptionError);
  });
});
