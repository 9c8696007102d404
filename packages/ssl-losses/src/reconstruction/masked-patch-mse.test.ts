import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  mean,
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { reconstruction } from '../../../../test/golden/losses/reconstruction.js';
import { maskedPatchMSE } from './masked-patch-mse.js';

/** By loops in float64, over one sample's patches. */
function naive(prediction: Rows, target: Rows, mask: readonly number[], eps = 1e-6): number {
  const losses = prediction.map((patch, i) => {
    const [pixels, centre] = [target[i]!, mean(target[i]!)];
    const variance = sum(pixels.map((x) => (x - centre) ** 2)) / (pixels.length - 1);
    return mean(patch.map((x, d) => (x - (pixels[d]! - centre) / Math.sqrt(variance + eps)) ** 2));
  });
  return sum(losses.map((loss, i) => loss * mask[i]!)) / sum(mask);
}

const batched = (rows: Rows): tf.Tensor3D => tf.tensor3d([rows]);

describeGoldens('maskedPatchMSE', reconstruction.maskedPatchMSE, ([prediction], [target, mask], options) =>
  maskedPatchMSE(prediction as tf.Tensor3D, target as tf.Tensor3D, mask as tf.Tensor2D, options),
);

describe('maskedPatchMSE', () => {
  const [prediction, target, mask] = [draw(1, 5, 4), draw(2, 5, 4), [1, 0, 1, 1, 0]];

  it('agrees with loops', async () => {
    await expectAsNaive(
      (x) => maskedPatchMSE(tf.expandDims(x), batched(target), tf.tensor2d([mask])),
      (x) => naive(x, target, mask),
      prediction,
    );
    const both = tf.tensor3d([prediction, target]);
    const masks = [mask, [0, 1, 0, 0, 0]];
    const options = { reduction: 'none' } as const;
    expect(maskedPatchMSE(both, tf.tensor3d([target, prediction]), tf.tensor2d(masks), options)).toBeAllClose([
      naive(prediction, target, mask),
      naive(target, prediction, masks[1]!),
    ]);
    expect(
      maskedPatchMSE(batched(prediction), batched(target), tf.tensor2d([mask]), { reduction: 'sum' }),
    ).toBeAllClose(3 * naive(prediction, target, mask));
  });

  it('takes masks of any type', () => {
    const masks = tf.tensor2d([mask]);
    for (const dtype of ['int32', 'bool'] as const)
      expect(maskedPatchMSE(batched(prediction), batched(target), tf.cast(masks, dtype))).toBeAllClose(
        naive(prediction, target, mask),
      );
  });

  it('the order of patches, the brightness of targets and unmasked patches do not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1, max: 50, noNaN: true }), (seed, contrast) => {
        const [p, t] = [draw(seed, 5, 4), draw(seed + 1, 5, 4)];
        const order = [...new RandomStream(randomKey(seed)).permutation(5)];
        const moved = order.map((i) => t[i]!.map((x) => contrast * x + 3));
        const noisy = order.map((i) => p[i]!.map((x) => (mask[i] === 1 ? x : x + 100)));
        const masks = tf.tensor2d([order.map((i) => mask[i]!)]);
        const expected = maskedPatchMSE(batched(p), batched(t), tf.tensor2d([mask]), { eps: 1e-12 });
        expect(maskedPatchMSE(batched(noisy), batched(moved), masks, { eps: 1e-12 })).toBeAllClose(expected, {
          rtol: 1e-4,
        });
      }),
      { seed: 21, numRuns: 25 },
    ));

  it.each(extremes(3, 4))('%s stay finite', async (_, x) => {
    await expectFinite((p) => maskedPatchMSE(tf.expandDims(p!), batched(x), tf.ones([1, 3])), x);
    const one = x.map((row) => [row[0]!]);
    await expectFinite((p) => maskedPatchMSE(tf.expandDims(p!), batched(one), tf.ones([1, 3])), one);
  });

  it('names what is wrong', () => {
    const [p, m] = [tf.zeros([2, 4, 12]) as tf.Tensor3D, tf.zeros([2, 4]) as tf.Tensor2D];
    expect(() => maskedPatchMSE(p, tf.zeros<tf.Rank.R3>([2, 4, 11]), m)).toThrow(
      'maskedPatchMSE: target must be float32 [2, 4, 12], got float32 [2, 4, 11]',
    );
    expect(() => maskedPatchMSE(p, tf.zeros<tf.Rank.R4>([2, 4, 4, 3]), m)).toThrow('got float32 [2, 4, 4, 3]');
    expect(() => maskedPatchMSE(p, tf.zeros<tf.Rank.R4>([2, 4, 4, 1]), m, { patchSize: 2 })).toThrow(
      'target in patches must be',
    );
    expect(() => maskedPatchMSE(p, p, tf.zeros([2, 3]))).toThrow('mask must be float32 or int32 or bool [2, 4]');
    expect(() => maskedPatchMSE(p, p, m, { eps: 0 })).toThrow(InvalidOptionError);
    expect(() => maskedPatchMSE(p, p, m, { reduction: 'all' as 'mean' })).toThrow(InvalidOptionError);
  });
});
