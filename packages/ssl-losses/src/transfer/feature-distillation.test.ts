import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
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
import { featureDistillation } from './feature-distillation.js';

const elementwise =
  (term: (off: number) => number) =>
  (s: Rows, t: Rows): number[] =>
    s.map((row, i) => mean(row.map((x, d) => term(Math.abs(x - t[i]![d]!)))));
const naive = {
  mse: elementwise((off) => off ** 2),
  smoothL1: elementwise((off) => (off < 1 ? off ** 2 / 2 : off - 0.5)),
  cosine: (s: Rows, t: Rows): number[] =>
    s.map((row, i) => 1 - dot(row, t[i]!) / Math.sqrt(dot(row, row) * dot(t[i]!, t[i]!))),
};

describeGoldens('featureDistillation', transfer.featureDistillation, ([s, t], _, options) =>
  featureDistillation(s!, t!, options),
);

describe.each(['mse', 'smoothL1', 'cosine'] as const)('featureDistillation, %s', (distance) => {
  const [student, teacher] = [draw(1, 3, 4, 2), draw(2, 3, 4, 2)];

  it('agrees with loops, and keeps the teacher', async () => {
    await expectAsNaive(
      (x) => featureDistillation(x, tf.tensor2d(teacher), { distance }),
      (x) => mean(naive[distance](x, teacher)),
      student,
    );
    const none = featureDistillation(tf.tensor2d(student), tf.tensor2d(teacher), { distance, reduction: 'none' });
    expect(none).toBeAllClose(naive[distance](student, teacher));
    const slope = tf.grad((x) => featureDistillation(tf.tensor2d(student), x, { distance }))(tf.tensor2d(teacher));
    expect(slope).toBeAllClose(teacher.map((row) => row.map(() => 0)));
  });

  it('is symmetric in value, and 0 for equal features', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [a, b] = [tf.tensor2d(draw(seed, 3, 4)), tf.tensor2d(draw(seed + 1, 3, 4))];
        expect(featureDistillation(a, a, { distance })).toBeAllClose(0);
        expect(featureDistillation(a, b, { distance })).toBeAllClose(featureDistillation(b, a, { distance }));
      }),
      { seed: 46, numRuns: 20 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    await expectFinite((s) => featureDistillation(s!, tf.tensor2d(x), { distance }), student);
    await expectFinite((s) => featureDistillation(s!, tf.tensor2d(teacher), { distance }), x);
  });
});

it('featureDistillation names what is wrong', () => {
  expect(() => featureDistillation(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(
    'teacher must be float32 [2, 3], got float32 [2, 4]',
  );
  expect(() => featureDistillation(tf.zeros([2]), tf.zeros([2]))).toThrow(ShapeError);
  expect(() => featureDistillation(tf.zeros([2, 3]), tf.zeros([2, 3]), { distance: 'l3' as 'mse' })).toThrow(
    InvalidOptionError,
  );
});
