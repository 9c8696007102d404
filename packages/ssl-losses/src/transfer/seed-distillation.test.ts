import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  dot,
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
import { seedDistillation } from './seed-distillation.js';

const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const naive = (student: Rows, teacher: Rows, queue: Rows, [own, others]: readonly [number, number]): number[] =>
  student.map((s, i) => {
    const bank = [teacher[i]!, ...queue];
    const wanted = logSoftmax(bank.map((d) => cosine(teacher[i]!, d) / others)).map(Math.exp);
    const given = logSoftmax(bank.map((d) => cosine(s, d) / own));
    return -sum(wanted.map((share, k) => share * given[k]!));
  });

describeGoldens('seedDistillation', transfer.seedDistillation, ([s, t], [queue], options) =>
  seedDistillation(s as tf.Tensor2D, t as tf.Tensor2D, queue as tf.Tensor2D, options),
);

describe('seedDistillation', () => {
  const [student, teacher, queue] = [draw(1, 3, 4), draw(2, 3, 4), draw(3, 5, 4)];
  const bank = tf.tensor2d(queue);

  it.each([
    [0.2, 0.01],
    [0.1, 0.5],
  ])('agrees with loops, temperatures %d and %d', async (studentTemperature, teacherTemperature) => {
    const options = { studentTemperature, teacherTemperature };
    const expected = (x: Rows): number[] => naive(x, teacher, queue, [studentTemperature, teacherTemperature]);
    await expectAsNaive(
      (x) => seedDistillation(x, tf.tensor2d(teacher), bank, options),
      (x) => mean(expected(x)),
      student,
    );
    const none = seedDistillation(tf.tensor2d(student), tf.tensor2d(teacher), bank, { ...options, reduction: 'none' });
    expect(none).toBeAllClose(expected(student));
  });

  it('lets no gradient into the teacher and the queue', () => {
    const slopes = tf.grads((t, q) => seedDistillation(tf.tensor2d(student), t as tf.Tensor2D, q as tf.Tensor2D));
    for (const slope of slopes([tf.tensor2d(teacher), bank])) expect(slope).toBeAllClose(tf.zerosLike(slope));
  });

  it('does not depend on the order of the queue nor on lengths', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [s, t, q] = [draw(seed, 3, 4), draw(seed + 1, 3, 4), draw(seed + 2, 5, 4)];
        const order = [...new RandomStream(randomKey(seed)).permutation(5)];
        const moved = tf.tensor2d(order.map((i) => q[i]!.map((x) => x * (1 + i))));
        const scaled = tf.tensor2d(s.map((row, i) => row.map((x) => x * (2 + i))));
        expect(seedDistillation(scaled, tf.tensor2d(t), moved)).toBeAllClose(mean(naive(s, t, q, [0.2, 0.01])), {
          rtol: 1e-4,
        });
      }),
      { seed: 50, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    const cold = { studentTemperature: 0.01 };
    await expectFinite((s) => seedDistillation(s!, tf.tensor2d(teacher), tf.tensor2d(x), cold), x);
    await expectFinite((s) => seedDistillation(s!, tf.tensor2d(x), bank), student);
    await expectFinite((s) => seedDistillation(s!, tf.tensor2d(x.slice(0, 1)), bank), student.slice(0, 1));
  });

  it('takes rows as they are without normalisation', () => {
    const unit = (rows: Rows): tf.Tensor2D =>
      tf.tensor2d(rows.map((row) => row.map((x) => x / Math.sqrt(dot(row, row)))));
    const plain = seedDistillation(unit(student), unit(teacher), unit(queue), { normalize: false });
    expect(plain).toBeAllClose(mean(naive(student, teacher, queue, [0.2, 0.01])));
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => seedDistillation(x, x, tf.zeros([5, 3]))).toThrow('queue must be float32 [k, 4], got float32 [5, 3]');
    expect(() => seedDistillation(x, tf.zeros([2, 4]), x)).toThrow(ShapeError);
    expect(() => seedDistillation(x, x, x, { teacherTemperature: 0 })).toThrow(InvalidOptionError);
  });
});
