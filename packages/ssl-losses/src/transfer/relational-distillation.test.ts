import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  dot,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  mean,
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import '../../../../test/support/to-be-all-close.js';
import { relationalDistillation } from './relational-distillation.js';

const huber = (a: readonly number[], b: readonly number[]): number =>
  mean(
    a.map((x, i) => {
      const off = Math.abs(x - b[i]!);
      return off < 1 ? off ** 2 / 2 : off - 0.5;
    }),
  );
const off = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x - b[i]!);
const length = (a: readonly number[]): number => Math.sqrt(dot(a, a));
const distances = (x: Rows): number[] => {
  const all = x.flatMap((a) => x.map((b) => length(off(a, b))));
  const usual = sum(all) / (x.length * (x.length - 1));
  return all.map((distance) => distance / usual);
};
const angles = (x: Rows): number[] =>
  x.flatMap((a) =>
    x.flatMap((b) =>
      x.map((c) => {
        const [u, v] = [off(b, a), off(c, a)];
        return length(u) * length(v) === 0 ? 0 : dot(u, v) / (length(u) * length(v));
      }),
    ),
  );
const naive = (s: Rows, t: Rows, distance: number, angle: number): number =>
  distance * huber(distances(s), distances(t)) + angle * huber(angles(s), angles(t));

describeGoldens('relationalDistillation', transfer.relationalDistillation, ([s, t], _, options) =>
  relationalDistillation(s as tf.Tensor2D, t as tf.Tensor2D, options),
);

describe('relationalDistillation', () => {
  const [student, teacher] = [draw(1, 4, 3), draw(2, 4, 5)];

  it.each([
    [25, 50],
    [1, 0],
    [0, 1],
  ])('agrees with loops, weights %d and %d, and keeps the teacher', async (distanceWeight, angleWeight) => {
    const options = { distanceWeight, angleWeight };
    await expectAsNaive(
      (x) => relationalDistillation(x, tf.tensor2d(teacher), options),
      (x) => naive(x, teacher, distanceWeight, angleWeight),
      student,
    );
    const slope = tf.grad((x) => relationalDistillation(tf.tensor2d(student), x as tf.Tensor2D, options));
    expect(slope(tf.tensor2d(teacher))).toBeAllClose(teacher.map((row) => row.map(() => 0)));
  });

  it('does not depend on where features lie, how large they are, or how they are turned', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.01, max: 100, noNaN: true }), (seed, scale) => {
        const [s, t] = [draw(seed, 4, 2), draw(seed + 1, 4, 5)];
        const [c, n] = [Math.cos(seed), Math.sin(seed)];
        const moved = s.map(([a, b]) => [scale * (c * a! - n * b! + 1), scale * (n * a! + c * b! - 2)]);
        expect(relationalDistillation(tf.tensor2d(moved), tf.tensor2d(t))).toBeAllClose(naive(s, t, 25, 50), {
          rtol: 1e-3,
        });
      }),
      { seed: 49, numRuns: 25 },
    ));

  it.each(extremes(4, 3))('%s stay finite', async (_, x) => {
    await expectFinite((s) => relationalDistillation(s!, tf.tensor2d(teacher)), x);
    await expectFinite((s) => relationalDistillation(s!, tf.tensor2d(x)), student);
    // Two points are as far apart as they are on average.
    const two = x.map((row) => row.slice(0, 2)).slice(0, 2);
    await expectFinite((s) => relationalDistillation(s!, tf.tensor2d(two)), student.slice(0, 2));
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => relationalDistillation(x, tf.zeros([2, 4]))).toThrow(
      'teacher must be float32 [3, dim], got float32 [2, 4]',
    );
    expect(() => relationalDistillation(tf.zeros([1, 4]), tf.zeros([1, 4]))).toThrow(
      'student must be two or more rows, got [1, 4]',
    );
    expect(() => relationalDistillation(x, x, { angleWeight: -1 })).toThrow(InvalidOptionError);
    expect(() => relationalDistillation(x, x, { angleWeight: 0, distanceWeight: 0 })).toThrow(InvalidOptionError);
  });
});
