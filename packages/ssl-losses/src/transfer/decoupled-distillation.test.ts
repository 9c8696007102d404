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
import { decoupledDistillation } from './decoupled-distillation.js';
import { distillation } from './distillation.js';

const labels = [1, 3, 0];
const y = (): tf.Tensor1D => tf.tensor1d(labels, 'int32');
const divergence = (p: readonly number[], q: readonly number[]): number =>
  sum(p.map((share, c) => share * Math.log(share / q[c]!)));
const parts = (logits: Rows, t: number): { pair: number[]; rest: number[] }[] =>
  logits.map((row, i) => {
    const cold = row.map((x) => x / t);
    const p = logSoftmax(cold).map(Math.exp);
    const rest = logSoftmax(cold.filter((_, c) => c !== labels[i])).map(Math.exp);
    return { pair: [p[labels[i]!]!, 1 - p[labels[i]!]!], rest };
  });
const naive = (student: Rows, teacher: Rows, alpha: number, beta: number, t: number): number[] => {
  const [s, wanted] = [parts(student, t), parts(teacher, t)];
  return wanted.map(
    ({ pair, rest }, i) => t ** 2 * (alpha * divergence(pair, s[i]!.pair) + beta * divergence(rest, s[i]!.rest)),
  );
};

describeGoldens('decoupledDistillation', transfer.decoupledDistillation, ([s, t], [truth], options) =>
  decoupledDistillation(s as tf.Tensor2D, t as tf.Tensor2D, truth as tf.Tensor1D, options),
);

describe('decoupledDistillation', () => {
  const [student, teacher] = [draw(1, 3, 4, 2), draw(2, 3, 4, 2)];

  it.each([
    [1, 8, 4],
    [2, 0.5, 1],
  ])('agrees with loops, alpha %d, beta %d, temperature %d', async (alpha, beta, temperature) => {
    const options = { alpha, beta, temperature };
    await expectAsNaive(
      (x) => decoupledDistillation(x, tf.tensor2d(teacher), y(), options),
      (x) => mean(naive(x, teacher, alpha, beta, temperature)),
      student,
    );
    const none = decoupledDistillation(tf.tensor2d(student), tf.tensor2d(teacher), y(), {
      ...options,
      reduction: 'none',
    });
    expect(none).toBeAllClose(naive(student, teacher, alpha, beta, temperature), { atol: 1e-5 });
  });

  it("with the teacher's own doubt as beta it is plain distillation", () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [s, t] = [draw(seed, 3, 4), draw(seed + 1, 3, 4)];
        const each = s.map((_, i) => {
          const beta = parts(t, 2)[i]!.pair[1]!;
          const options = { alpha: 1, beta, temperature: 2, reduction: 'none' } as const;
          return decoupledDistillation(tf.tensor2d(s), tf.tensor2d(t), y(), options).dataSync()[i]!;
        });
        const plain = distillation(tf.tensor2d(s), tf.tensor2d(t), { temperature: 2, reduction: 'none' });
        expect(plain).toBeAllClose(each, { rtol: 1e-4, atol: 1e-5 });
      }),
      { seed: 45, numRuns: 20 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    for (const temperature of [0.01, 4])
      await expectFinite((s) => decoupledDistillation(s!, tf.tensor2d(teacher), y(), { temperature }), x);
    await expectFinite((s) => decoupledDistillation(s!, tf.tensor2d(x), y()), student);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => decoupledDistillation(x, tf.zeros([3, 5]), y())).toThrow(ShapeError);
    expect(() => decoupledDistillation(x, x, tf.zeros([3]))).toThrow('labels must be int32 [3], got float32 [3]');
    expect(() => decoupledDistillation(x, x, y(), { beta: -1 })).toThrow(InvalidOptionError);
  });
});
