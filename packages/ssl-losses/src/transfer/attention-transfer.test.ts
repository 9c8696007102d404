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
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { transfer } from '../../../../test/golden/losses/transfer.js';
import '../../../../test/support/to-be-all-close.js';
import { attentionTransfer } from './attention-transfer.js';

/** One sample; rows are places, columns channels. */
const map = (rows: Rows, power: number): number[] => {
  const raised = rows.map((row) => mean(row.map((x) => Math.abs(x) ** power)));
  return raised.map((x) => x / Math.sqrt(dot(raised, raised)));
};
const naive = (student: Rows, teacher: Rows, power: number): number => {
  const [s, t] = [map(student, power), map(teacher, power)];
  return mean(s.map((x, i) => (x - t[i]!) ** 2));
};
const image = (x: Rows | tf.Tensor2D): tf.Tensor4D => {
  const rows = Array.isArray(x) ? tf.tensor2d(x) : x;
  return tf.reshape(rows, [1, 2, 3, -1]);
};

describeGoldens('attentionTransfer', transfer.attentionTransfer, ([s, t], _, options) =>
  attentionTransfer(s as tf.Tensor4D, t as tf.Tensor4D, options),
);

describe('attentionTransfer', () => {
  const [student, teacher] = [draw(1, 6, 4), draw(2, 6, 2)];

  it.each([1, 2, 3])('agrees with loops, power %d', (power) =>
    expectAsNaive(
      (x) => attentionTransfer(image(x), image(teacher), { power }),
      (x) => naive(x, teacher, power),
      student,
    ),
  );

  it('gives a value for each sample, and no gradient to the teacher', () => {
    const other = draw(3, 6, 2);
    const both = tf.concat([image(student), image(student)]);
    const none = attentionTransfer(both, tf.concat([image(teacher), image(other)]), { reduction: 'none' });
    expect(none).toBeAllClose([naive(student, teacher, 2), naive(student, other, 2)]);
    const slope = tf.grad((x) => attentionTransfer(image(student), x as tf.Tensor4D))(image(teacher));
    expect(slope).toBeAllClose(tf.zeros([1, 2, 3, 2]));
  });

  it('does not depend on the scale and the sign of activations, nor on the order of channels', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1e-4, max: 1e4, noNaN: true }), (seed, scale) => {
        const [s, t] = [draw(seed, 6, 4), draw(seed + 1, 6, 3)];
        const moved = s.map((row) => row.map((x) => -scale * x).reverse());
        expect(attentionTransfer(image(moved), image(t))).toBeAllClose(attentionTransfer(image(s), image(t)), {
          rtol: 1e-4,
        });
      }),
      { seed: 47, numRuns: 25 },
    ));

  it.each(extremes(6, 4))('%s stay finite', async (_, x) => {
    await expectFinite((s) => attentionTransfer(image(s!), image(teacher)), x);
    await expectFinite((s) => attentionTransfer(image(s!), image(x), { power: 4 }), student);
  });

  it('names what is wrong', () => {
    const x = image(student);
    expect(() => attentionTransfer(x, tf.zeros([1, 3, 2, 4]))).toThrow(
      'teacher must be float32 [1, 2, 3, channels], got float32 [1, 3, 2, 4]',
    );
    expect(() => attentionTransfer(x, x, { power: 0.5 })).toThrow(InvalidOptionError);
  });
});
