import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { draw, logSoftmax, sum, tensor } from '../../../../test/golden/losses/cases.js';
import { labelGoldens } from '../../../../test/golden/losses/labels.js';
import '../../../../test/support/to-be-all-close.js';
import { pseudoLabels, type PseudoLabels } from './pseudo-labels.js';

const x = draw(4, 8, 3, 2);
const shares = x.map((row) => logSoftmax(row).map(Math.exp));
const most = (row: readonly number[]): number => row.indexOf(Math.max(...row));

describe('pseudoLabels', () => {
  it.each(['eager', 'compiled'])('agrees with loops, %s', async (mode) => {
    const average = [0.7, 0.2, 0.1];
    const target = [0.2, 0.3, 0.5];
    const step = (logits: tf.Tensor2D): PseudoLabels & { plain: tf.Tensor1D } => ({
      ...pseudoLabels(logits, {
        threshold: tf.tensor1d([0.9, 0.5, 0.6]),
        alignment: { average: tf.tensor1d(average), target: tf.tensor1d(target) },
      }),
      plain: pseudoLabels(logits, { threshold: 0.8 }).selected,
    });
    const got = await (mode === 'compiled' ? compile(step)(tf.tensor2d(x)) : step(tf.tensor2d(x)));
    const aligned = shares.map((row) => {
      const scaled = row.map((share, c) => (share * target[c]!) / average[c]!);
      return scaled.map((share) => share / sum(scaled));
    });
    expect(got.probabilities).toBeAllClose(aligned);
    expect(got.labels).toBeAllClose(aligned.map(most), { dtype: 'int32' });
    const confident = aligned.map((row) => (Math.max(...row) >= [0.9, 0.5, 0.6][most(row)]! ? 1 : 0));
    expect(confident).toContain(0);
    expect(confident).toContain(1);
    expect(got.selected).toBeAllClose(confident);
    expect(got.plain).toBeAllClose(shares.map((row) => (Math.max(...row) >= 0.8 ? 1 : 0)));
  });

  it('aligns to uniform by default, and survives classes that never come', () => {
    const average = tf.tensor1d([1, 0, 0]);
    const { probabilities } = pseudoLabels(
      tf.tensor2d([
        [1, 1, 1],
        [0, -100, -300],
      ]),
      { alignment: { average } },
    );
    expect(probabilities).toBeAllClose([
      [1e-6 / (2 + 1e-6), 1 / (2 + 1e-6), 1 / (2 + 1e-6)],
      [1, 0, 0],
    ]);
  });

  it('lets no gradient through', () => {
    const slope = tf.grad((logits) => tf.sum(tf.mul(pseudoLabels(logits as tf.Tensor2D).probabilities, logits)))(
      tf.tensor2d(x),
    );
    expect(slope).toBeAllClose(shares);
  });

  it('names what is wrong', () => {
    const z = tf.zeros([2, 3]) as tf.Tensor2D;
    expect(() => pseudoLabels(z, { threshold: 1.1 })).toThrow(InvalidOptionError);
    expect(() => pseudoLabels(z, { threshold: tf.zeros([2]) as tf.Tensor1D })).toThrow(
      'threshold must be float32 [3], got float32 [2]',
    );
    expect(() => pseudoLabels(z, { alignment: { average: tf.zeros([4]) } })).toThrow(ShapeError);
  });
});

describe.each(['eager', 'compiled'] as const)(
  "pseudoLabels against FixMatch's and ReMixMatch's formulas, %s",
  (mode) => {
    it.each(labelGoldens.pseudoLabels.map((golden, index) => [index, golden] as const))(
      'case %i',
      async (_, golden) => {
        const { threshold, average, target } = golden;
        const vector = (array: Parameters<typeof tensor>[0]): tf.Tensor1D => tensor(array) as tf.Tensor1D;
        const run = (logits: tf.Tensor2D): PseudoLabels =>
          pseudoLabels(logits, {
            threshold: typeof threshold === 'number' ? threshold : vector(threshold),
            ...(average !== null && {
              alignment: { average: vector(average), ...(target !== null && { target: vector(target) }) },
            }),
          });
        const logits = tensor(golden.logits) as tf.Tensor2D;
        const got = await (mode === 'compiled' ? compile(run)(logits) : run(logits));
        expect(got.labels).toBeAllClose(golden.labels, { dtype: 'int32' });
        expect(got.probabilities).toBeAllClose(golden.probabilities);
        expect(got.selected).toBeAllClose(golden.selected);
      },
    );
  },
);
