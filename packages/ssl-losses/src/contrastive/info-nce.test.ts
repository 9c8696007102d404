import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, goldens, lossAndGradients, matrix } from '../../../../test/golden/losses/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { infoNCE } from '../index.js';

type Rows = number[][];

const draw = (seed: number, rows: number, dim: number): Rows => {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: rows }, () => Array.from({ length: dim }, () => random.normal()));
};
const cosine = (a: readonly number[], b: readonly number[]): number => {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

/** By loops in float64. */
function naive(query: Rows, positive: Rows, negatives: Rows | undefined, temperature: number): number[] {
  return query.map((q, i) => {
    const own = cosine(q, positive[i]!) / temperature;
    const others = (negatives ?? positive.filter((_, j) => j !== i)).map((n) => cosine(q, n) / temperature);
    const largest = Math.max(own, ...others);
    return Math.log([own, ...others].reduce((sum, score) => sum + Math.exp(score - largest), 0)) + largest - own;
  });
}

describe.each(['eager', 'compiled'] as const)('infoNCE against lightly and PyTorch, %s', (mode) => {
  it.each(goldens.infoNCE.map((_, index) => index))('with a memory bank, case %i', async (index) => {
    const { query, positive, negatives, temperature, loss, gradients } = goldens.infoNCE[index]!;
    const [got, ...grads] = await lossAndGradients(
      mode,
      (q, p) => infoNCE(q!, p!, matrix(negatives), { temperature }),
      [matrix(query), matrix(positive)],
    );
    expect(got!).toBeAllClose(loss, { rtol: 1e-5, atol: 1e-5 });
    grads.forEach((gradient, i) => expect(gradient).toBeAllClose(gradients[i]!, { rtol: 1e-4, atol: 1e-5 }));
  });

  it.each(goldens.inBatch.map((_, index) => index))('within the batch, case %i', async (index) => {
    const { query, positive, temperature, loss, gradients } = goldens.inBatch[index]!;
    const [got, ...grads] = await lossAndGradients(mode, (q, p) => infoNCE(q!, p!, undefined, { temperature }), [
      matrix(query),
      matrix(positive),
    ]);
    expect(got!).toBeAllClose(loss, { rtol: 1e-5, atol: 1e-5 });
    grads.forEach((gradient, i) => expect(gradient).toBeAllClose(gradients[i]!, { rtol: 1e-4, atol: 1e-5 }));
  });
});

describe('infoNCE against loops', () => {
  it.each([
    [3, 4, 5, 0.1],
    [1, 2, 1, 0.5],
    [4, 6, 0, 0.2],
    [2, 3, 7, 0.01],
  ])('%i queries, dim %i, %i negatives, temperature %d', async (batch, dim, count, temperature) => {
    const [query, positive] = [draw(batch, batch, dim), draw(batch + 50, batch, dim)];
    const negatives = count === 0 ? undefined : draw(batch + 90, count, dim);
    const bank = negatives === undefined ? undefined : tf.tensor2d(negatives);
    const expected = naive(query, positive, negatives, temperature);
    expect(infoNCE(tf.tensor2d(query), tf.tensor2d(positive), bank, { temperature, reduction: 'none' })).toBeAllClose(
      expected,
      { rtol: 1e-5, atol: 2e-5 },
    );
    const [, ...grads] = await lossAndGradients(
      'eager',
      (q, p) => infoNCE(q!, p!, bank, { temperature, reduction: 'sum' }),
      [tf.tensor2d(query), tf.tensor2d(positive)],
    );
    const total = (q: Rows, p: Rows): number => naive(q, p, negatives, temperature).reduce((a, b) => a + b, 0);
    expect(grads[0]!).toBeAllClose(
      finiteDifferences((q) => total(q, positive), query),
      { rtol: 2e-4, atol: 1e-4 },
    );
    expect(grads[1]!).toBeAllClose(
      finiteDifferences((p) => total(query, p), positive),
      { rtol: 2e-4, atol: 1e-4 },
    );
  });

  it('the order and the length of negatives do not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, count) => {
        const [q, p, n] = [tf.tensor2d(draw(seed, 3, 4)), tf.tensor2d(draw(seed + 1, 3, 4)), draw(seed + 2, count, 4)];
        const order = [...new RandomStream(randomKey(seed)).permutation(count)];
        const shuffled = tf.tensor2d(order.map((i) => n[i]!.map((x) => x * (1 + i))));
        expect(infoNCE(q, p, shuffled)).toBeAllClose(infoNCE(q, p, tf.tensor2d(n)), { rtol: 2e-5, atol: 2e-5 });
      }),
      { seed: 5, numRuns: 25 },
    ));
});

describe.each(['eager', 'compiled'] as const)('infoNCE in blocks, %s', (mode) => {
  it.each([1, 2, 3, 7])('%i rows at a time', async (blockRows) => {
    const [query, positive, negatives] = [draw(21, 6, 3), draw(22, 6, 3), draw(23, 5, 3)];
    for (const bank of [undefined, negatives]) {
      const tensors = [query, positive, ...(bank === undefined ? [] : [bank])].map((rows) => tf.tensor2d(rows));
      const [loss, ...grads] = await lossAndGradients(
        mode,
        (q, p, n) => infoNCE(q!, p!, n, { temperature: 0.2, blockRows }),
        tensors,
      );
      const mean = (q: Rows, p: Rows, n: Rows | undefined): number =>
        naive(q, p, n, 0.2).reduce((sum, value) => sum + value, 0) / q.length;
      expect(loss!).toBeAllClose(mean(query, positive, bank), { rtol: 1e-5 });
      const slopes = [
        finiteDifferences((q) => mean(q, positive, bank), query),
        finiteDifferences((p) => mean(query, p, bank), positive),
        ...(bank === undefined ? [] : [finiteDifferences((n) => mean(query, positive, n), bank)]),
      ];
      grads.forEach((gradient, i) => expect(gradient).toBeAllClose(slopes[i]!, { rtol: 1e-4, atol: 1e-5 }));
    }
  });
});

describe('infoNCE at the edges', () => {
  it('identical and zero rows give log(1 + k), with finite gradients', async () => {
    for (const rows of [
      [
        [1, 2],
        [1, 2],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]) {
      const x = tf.tensor2d(rows);
      const [loss, ...grads] = await lossAndGradients(
        'eager',
        (q, p) => infoNCE(q!, p!, tf.tensor2d([...rows, rows[0]!]), { temperature: 0.01 }),
        [x, x],
      );
      expect(loss!).toBeAllClose(Math.log(4), { rtol: 1e-4 });
      for (const gradient of grads) expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
    }
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => infoNCE(x, tf.zeros([3, 5]))).toThrow('infoNCE: positive must be float32 [3, 4], got float32 [3, 5]');
    expect(() => infoNCE(x, x, tf.zeros([2, 5]))).toThrow('negatives must be float32 [k, 4], got float32 [2, 5]');
    expect(() => infoNCE(tf.zeros([1, 4]), tf.zeros([1, 4]))).toThrow(ShapeError);
    expect(() => infoNCE(x, x, undefined, { temperature: 0 })).toThrow(InvalidOptionError);
  });
});
