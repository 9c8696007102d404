import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { foldInKey, randomPermutation } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { wMSE } from './w-mse.js';
import { whiten, WhiteningStatistics } from '../numerics/whiten.js';

const key = tf.tensor1d([1, 2], 'int32');

/**
 * The loss for given orders of the images: one part after the other, whitened by {@link whiten}, which is tested alone.
 */
function naive(z: Rows, views: number, size: number, orders: readonly (readonly number[])[]): number {
  const batch = z.length / views;
  const losses = orders.flatMap((order) => {
    const white: Rows = [];
    for (let part = 0; part < batch; part += size)
      for (let view = 0; view < views; view++) {
        const rows = order.slice(part, part + size).map((i) => i + view * batch);
        const done = whiten(tf.tensor2d(rows.map((row) => z[row]!))).arraySync();
        rows.forEach((row, i) => (white[row] = unit(done[i]!)));
      }
    const pairs: number[] = [];
    for (let a = 0; a < views; a++)
      for (let b = a + 1; b < views; b++)
        pairs.push(
          mean(Array.from({ length: batch }, (_, i) => 2 - 2 * dot(white[a * batch + i]!, white[b * batch + i]!))),
        );
    return pairs;
  });
  return mean(losses);
}

describe.each(['eager', 'compiled'] as const)('wMSE against lightly, %s', (mode) => {
  it.each(redundancy.wMSE.map(({ options, inputs }, index) => [index, inputs[0]!.shape, options] as const))(
    'case %i, %j, %j',
    async (index) => {
      const golden = redundancy.wMSE[index]!;
      const { samples, size, eps } = golden.options as { samples: number; size: number; eps: number };
      const statistics = new WhiteningStatistics(golden.inputs[0]!.shape[1]!, 0.1);
      const options = { numSamples: samples, wSize: size, eps, statistics };
      await expectGolden(mode, golden, (z) => wMSE(z as tf.Tensor2D, key, options));
      expect(statistics.buffers.mean).toBeAllClose(array(golden.mean));
      expect(statistics.buffers.covariance).toBeAllClose(array(golden.covariance));
      statistics.dispose();
    },
  );
});

describe('wMSE', () => {
  it('divides the batch at random, as often as it is told', async () => {
    const z = draw(1, 24, 2);
    const orders = [0, 1, 2].map((iteration) => [...randomPermutation(foldInKey(key, iteration), 12).dataSync()]);
    const options = { numSamples: 2, wSize: 4, wIter: 3 };
    const expected = naive(z, 2, 4, orders);
    for (const mode of ['eager', 'compiled'] as const) {
      const [loss] = await lossAndGradients(mode, (x) => wMSE(x!, key, options), [tf.tensor2d(z)]);
      expect(loss!).toBeAllClose(expected, { rtol: 1e-5 });
    }
    expect(wMSE(tf.tensor2d(z), tf.tensor1d([1, 3], 'int32'), options)).not.toBeAllClose(expected, { rtol: 1e-3 });
  });

  it('takes another distance', () => {
    const z = draw(2, 16, 2);
    const distance = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar => tf.mean(tf.squaredDifference(a, b));
    const [a, b] = [z.slice(0, 8), z.slice(8)].map((rows) => whiten(tf.tensor2d(rows)));
    expect(wMSE(tf.tensor2d(z), key, { wSize: 8, distance })).toBeAllClose(distance(a!, b!));
  });

  it('moves its statistics part after part, the views of a part in turn', () => {
    const z = draw(3, 16, 2);
    const statistics = new WhiteningStatistics(2, 0.3);
    wMSE(tf.tensor2d(z), key, { wSize: 4, statistics });
    const order = [...randomPermutation(foldInKey(key, 0), 8).dataSync()];
    let expected = [0, 0];
    for (const part of [order.slice(0, 4), order.slice(4)])
      for (const view of [0, 8])
        expected = expected.map((old, j) => 0.7 * old + 0.3 * mean(part.map((i) => z[i + view]![j]!)));
    expect(statistics.buffers.mean).toBeAllClose(expected);
    statistics.dispose();
  });

  it('order of the views, of the images, and maps of the features that whitening undoes change nothing', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const z = draw(seed, 16, 2);
        const run = (rows: Rows): tf.Scalar => wMSE(tf.tensor2d(rows), key, { wSize: 8 });
        const plain = run(z);
        const close = { rtol: 1e-4, atol: 1e-4 } as const;
        expect(run([...z.slice(8), ...z.slice(0, 8)])).toBeAllClose(plain, close);
        const order = [...new RandomStream(randomKey(seed)).permutation(8)];
        expect(run([...order.map((i) => z[i]!), ...order.map((i) => z[i + 8]!)])).toBeAllClose(plain, close);
        expect(run(z.map(([a, b]) => [3 * a! + 1, 2 * b! - a!]))).toBeAllClose(plain, close);
      }),
      { seed: 12, numRuns: 20 },
    ));

  it.each(extremes(12))('%s stay finite', async (_name, z) => {
    await expectFinite((x) => wMSE(x!, key, { wSize: 6 }), [z]);
  });

  it('names what is wrong', () => {
    const z = tf.zeros([16, 2]) as tf.Tensor2D;
    expect(() => wMSE(z, key)).toThrow('wMSE: z must be [n * 512, dim], n parts of each view, got [16, 2]');
    expect(() => wMSE(z, key, { wSize: 3 })).toThrow('wSize must be 4 or more, twice the features, got 3');
    expect(() => wMSE(z, tf.zeros([2]), { wSize: 4 })).toThrow(ShapeError);
    expect(() => wMSE(z, key, { wSize: 4, numSamples: 1 })).toThrow(InvalidOptionError);
    expect(() => wMSE(z, key, { wSize: 4, wIter: 0 })).toThrow(InvalidOptionError);
  });
});
