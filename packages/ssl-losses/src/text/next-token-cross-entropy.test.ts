import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  logSoftmax,
  mean,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { reconstruction } from '../../../../test/golden/losses/reconstruction.js';
import { nextTokenCrossEntropy } from './next-token-cross-entropy.js';

const tokens = [3, 1, 0, 2];
const naive = (logits: Rows): number => mean(tokens.slice(1).map((token, i) => -logSoftmax(logits[i]!)[token]!));
const row = (values: readonly number[]): tf.Tensor2D => tf.tensor2d([[...values]], [1, values.length], 'int32');
const loss = (x: tf.Tensor2D): tf.Scalar => nextTokenCrossEntropy(tf.expandDims(x), row(tokens));

describeGoldens('nextTokenCrossEntropy', reconstruction.nextTokenCrossEntropy, ([logits], [z], options) =>
  nextTokenCrossEntropy(logits as tf.Tensor3D, z as tf.Tensor2D, options),
);

describe('nextTokenCrossEntropy', () => {
  it('agrees with loops', () => expectAsNaive(loss, naive, draw(1, 4, 5)));

  it('without a shift the scores belong to their own place', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const logits = draw(seed, 4, 5, 2);
        const read = tf.tensor3d([[...logits.slice(3), ...logits.slice(0, 3)]]);
        const started = nextTokenCrossEntropy(read, row([-100, ...tokens.slice(1)]), { shift: false });
        expect(started).toBeAllClose(naive(logits));
      }),
      { seed: 24, numRuns: 25 },
    ));

  it('ignored tokens do not count, in any reduction', () => {
    const logits = draw(3, 4, 5);
    const short = -logSoftmax(logits[0]!)[1]!;
    const both = tf.tensor3d([logits, logits]);
    const z = tf.tensor2d([tokens, [3, 1, -100, -100]], [2, 4], 'int32');
    expect(nextTokenCrossEntropy(both, z, { reduction: 'none' })).toBeAllClose([naive(logits), short]);
    expect(nextTokenCrossEntropy(both, z)).toBeAllClose((3 * naive(logits) + short) / 4);
    expect(nextTokenCrossEntropy(both, z, { reduction: 'sum' })).toBeAllClose(3 * naive(logits) + short);
  });

  it.each(extremes(4, 5))('%s stay finite', async (_, x) => {
    await expectFinite((logits) => loss(logits!), x);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([1, 1, 5]) as tf.Tensor3D;
    expect(() => nextTokenCrossEntropy(x, row([1]))).toThrow('tokens must be 2 or more in a row, got [1, 1]');
    expect(() => nextTokenCrossEntropy(x, tf.zeros([1, 1]))).toThrow('tokens must be int32 [1, 1], got float32 [1, 1]');
    expect(() => nextTokenCrossEntropy(x, row([1]), { shift: false, ignoreIndex: 0.5 })).toThrow(InvalidOptionError);
  });
});
