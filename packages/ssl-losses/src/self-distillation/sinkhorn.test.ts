import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { prototypes } from '../../../../test/golden/losses/prototypes.js';
import { array, draw, sum, transposed, type Mode, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { balance, sinkhorn, sinkhornDefaults } from './sinkhorn.js';

/** Listing 1 of SwAV by loops in float64, without logarithms. */
function naive(
  scores: Rows,
  { epsilon, iterations } = sinkhornDefaults as { epsilon: number; iterations: number },
): Rows {
  let q = scores.map((row) => row.map((score) => Math.exp(score / epsilon)));
  for (let round = 0; round < iterations; round++) {
    const columns = transposed(q).map(sum);
    q = q.map((row) => row.map((value, j) => value / columns[j]!));
    q = q.map((row) => row.map((value) => value / sum(row)));
  }
  return q;
}

const run = async (mode: Mode, step: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor): Promise<tf.Tensor> =>
  mode === 'compiled' ? compile(step)(x) : step(x);
const cosines = (seed: number, n: number, k: number): Rows => draw(seed, n, k).map((row) => row.map(Math.tanh));

describe.each(['eager', 'compiled'] as const)('sinkhorn against lightly, %s', (mode) => {
  it.each(prototypes.sinkhorn.map(({ options, scores }, index) => [index, options, scores.shape] as const))(
    'case %i, %j, %j',
    async (index, options) => {
      const { scores, codes } = prototypes.sinkhorn[index]!;
      const got = await run(mode, (x) => sinkhorn(x as tf.Tensor2D, options), array(scores));
      expect(got).toBeAllClose(codes, { rtol: 2e-5, atol: 1e-6 });
    },
  );

  it.each(prototypes.positionwise.map(({ options, scores }, index) => [index, options, scores.shape] as const))(
    'for each position, case %i, %j, %j',
    async (index, { iterations }) => {
      const { scores, codes } = prototypes.positionwise[index]!;
      const got = await run(
        mode,
        (x) => tf.transpose(balance(tf.transpose(x, [1, 0, 2]), iterations), [1, 0, 2]),
        array(scores),
      );
      expect(got).toBeAllClose(codes, { rtol: 2e-5, atol: 1e-6 });
    },
  );
});

it.each([
  [5, 3, sinkhornDefaults],
  [3, 8, { epsilon: 0.2, iterations: 1 }],
  [9, 4, { epsilon: 1, iterations: 7 }],
])('sinkhorn against loops: %i samples, %i prototypes, %j', (n, k, options) => {
  const scores = cosines(n, n, k);
  expect(sinkhorn(tf.tensor2d(scores), options)).toBeAllClose(naive(scores, options), { rtol: 2e-5, atol: 1e-6 });
});

it('sinkhorn: samples and prototypes have no order, and offsets of prototypes cancel', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (seed, n, k) => {
        const scores = cosines(seed, n, k);
        const random = new RandomStream(randomKey(seed + 1));
        const [rows, columns] = [[...random.permutation(n)], [...random.permutation(k)]];
        const turned = (x: Rows): Rows => rows.map((i) => columns.map((j) => x[i]![j]!));
        const codes = sinkhorn(tf.tensor2d(scores)).arraySync() as Rows;
        for (const row of codes) expect(sum(row)).toBeCloseTo(1, 5);
        expect(sinkhorn(tf.tensor2d(turned(scores)))).toBeAllClose(turned(codes), { rtol: 1e-4, atol: 1e-6 });
        const moved = scores.map((row) => row.map((score, j) => score + j / 8));
        expect(sinkhorn(tf.tensor2d(moved))).toBeAllClose(codes, { rtol: 2e-4, atol: 1e-6 });
      },
    ),
    { seed: 3, numRuns: 25 },
  ));

describe('sinkhorn at the edges', () => {
  it('many rounds share the samples evenly', () => {
    const codes = sinkhorn(tf.tensor2d(cosines(1, 12, 4)), { epsilon: 0.5, iterations: 200 });
    expect(tf.sum(codes, 0)).toBeAllClose([3, 3, 3, 3], { rtol: 1e-4 });
  });

  it('an epsilon at which exponentials overflow and columns underflow gives hard codes', () => {
    // Each sample has a prototype of its own; a plain exp(1 / 0.001) is infinite.
    const scores = [
      [1, -1, 0],
      [0, 1, -1],
      [-1, 0, 1],
    ];
    expect(sinkhorn(tf.tensor2d(scores), { epsilon: 1e-3 })).toBeAllClose([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    // All samples prefer the first prototype: balancing still gives the other one its share.
    const same = sinkhorn(tf.tensor2d(Array.from({ length: 4 }, () => [1, -1])), { epsilon: 1e-3, iterations: 3 });
    expect(same).toBeAllClose(Array.from({ length: 4 }, () => [0.5, 0.5]));
  });

  it.each([1e-4, 1, 6e4])('scores of magnitude %d give distributions', (scale) => {
    const codes = sinkhorn(tf.tensor2d(draw(4, 6, 5, scale)), { epsilon: 0.01 });
    expect(tf.sum(codes, 1)).toBeAllClose([1, 1, 1, 1, 1, 1]);
  });

  it('one prototype takes all, one sample is spread evenly', () => {
    expect(sinkhorn(tf.tensor2d([[3], [-2]]))).toBeAllClose([[1], [1]]);
    expect(sinkhorn(tf.tensor2d([[3, -2, 0, 1]]))).toBeAllClose([[0.25, 0.25, 0.25, 0.25]]);
  });

  it('has no gradient', () => {
    const gradient = tf.grad((x) => tf.sum(tf.mul(x, sinkhorn(x as tf.Tensor2D))))(tf.tensor2d(cosines(2, 3, 4)));
    expect(gradient).toBeAllClose(sinkhorn(tf.tensor2d(cosines(2, 3, 4))));
  });

  it('names what is wrong', () => {
    const scores = tf.zeros([2, 3]) as tf.Tensor2D;
    expect(() => sinkhorn(tf.zeros([3]) as never)).toThrow(ShapeError);
    for (const options of [{ epsilon: 0 }, { epsilon: NaN }, { iterations: 0 }, { iterations: 1.5 }])
      expect(() => sinkhorn(scores, options)).toThrow(InvalidOptionError);
  });
});
