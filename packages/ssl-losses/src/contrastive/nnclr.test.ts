import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  array,
  contrastive,
  cosine,
  draw,
  expectFinite,
  expectGolden,
  expectSlopes,
  extremes,
  logSumExp,
  mean,
  modes,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { nearestNeighbors } from './nearest-neighbors.js';
import { nnclr } from './nnclr.js';

const nearest = (z: readonly number[], support: Rows): number[] =>
  support.reduce((best, row) => (cosine(z, row) > cosine(z, best) ? row : best));

/** By loops in float64, both directions. */
const naive = (z: readonly Rows[], p: readonly Rows[], support: Rows, temperature: number): number[] =>
  z[0]!.map((_, i) =>
    mean(
      [0, 1].map((view) => {
        const neighbor = nearest(z[view]![i]!, support);
        const scores = p[1 - view]!.map((row) => cosine(neighbor, row) / temperature);
        return logSumExp(scores) - scores[i]!;
      }),
    ),
  );

const pair = (x: tf.Tensor[], at: number): [tf.Tensor2D, tf.Tensor2D] => [x[at], x[at + 1]] as never;

describe.each(modes)('nnclr against lightly and the paper, %s', (mode) => {
  it.each(contrastive.nnclr.map(({ options }, index) => [index, options.negatives] as const))(
    'case %i, negatives %s',
    async (index) => {
      const golden = contrastive.nnclr[index]!;
      const support = array(golden.support) as tf.Tensor2D;
      await expectGolden(mode, golden, (...x) => nnclr(pair(x, 0), pair(x, 2), support, golden.options));
      expect(nearestNeighbors(array(golden.inputs[0]!) as tf.Tensor2D, support)).toBeAllClose(golden.nearest);
    },
  );
});

describe('nnclr against loops', () => {
  const [z, p, support] = [[draw(1, 4, 3), draw(2, 4, 3)], [draw(3, 4, 3), draw(4, 4, 3)], draw(5, 6, 3)];
  it.each([0.1, 0.5, 0.01])('temperature %d', async (temperature) => {
    const tensors = [...z, ...p].map((rows) => tf.tensor2d(rows));
    const bank = tf.tensor2d(support);
    expect(nnclr(pair(tensors, 0), pair(tensors, 2), bank, { temperature, reduction: 'none' })).toBeAllClose(
      naive(z, p, support, temperature),
      { rtol: 1e-5, atol: 2e-5 },
    );
    await expectSlopes(
      (a, b) => nnclr(pair(tensors, 0), [a!, b!], bank, { temperature }),
      (a, b) => mean(naive(z, [a!, b!], support, temperature)),
      p,
      1e-4,
    );
  });

  it('no gradient flows into the projections', () => {
    const [a, b] = z.map((rows) => tf.tensor2d(rows));
    const { grad } = tf.valueAndGrad((x) => nnclr([x as tf.Tensor2D, b!], [b!, b!], tf.tensor2d(support)))(a!);
    expect(grad).toBeAllClose(tf.zerosLike(a!));
  });

  it('the order of the support set and the lengths of its rows do not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = new RandomStream(randomKey(seed));
        const order = [...random.permutation(6)];
        const turned = order.map((i) => support[i]!.map((x) => x * (1 + i)));
        const [a, b] = [tf.tensor2d(draw(seed, 4, 3)), tf.tensor2d(draw(seed + 1, 4, 3))];
        expect(nnclr([a, b], [b, a], tf.tensor2d(turned))).toBeAllClose(nnclr([a, b], [b, a], tf.tensor2d(support)), {
          rtol: 2e-5,
          atol: 2e-5,
        });
      }),
      { seed: 5, numRuns: 20 },
    ));
});

describe('nnclr at the edges', () => {
  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    for (const negatives of ['predictions', 'all'] as const)
      await expectFinite(
        (a, b) => nnclr([a!, b!], [b!, a!], tf.tensor2d(rows), { temperature: 0.01, negatives }),
        [rows, rows],
      );
  });

  it('names what is wrong', () => {
    const x = tf.ones([3, 2]) as tf.Tensor2D;
    expect(() => nnclr([x, x], [x, tf.ones([3, 4])], x)).toThrow('nnclr: p[1] must be float32 [3, 2]');
    expect(() => nnclr([x, x], [x, x], tf.zeros([0, 2]))).toThrow(ShapeError);
    expect(() => nnclr([x, x], [x, x], x, { negatives: 'none' as 'all' })).toThrow(InvalidOptionError);
    expect(() => nearestNeighbors(x, tf.zeros([4, 3]))).toThrow('support must be float32 [size, 2]');
  });
});
