import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  sum,
  transposed,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { frossl } from './frossl.js';

/** The loss by loops in float64. */
function naive(views: readonly Rows[], weight = 1): number {
  const columns = views.map((z) => transposed(z).map(unit));
  const [batch, dim] = [views[0]!.length, columns[0]!.length];
  const entropy = columns.map((z) => Math.log(sum(z.flatMap((a) => z.map((b) => (dot(a, b) / dim) ** 2)))));
  const centre = columns[0]!.map((column, j) => column.map((_, i) => mean(columns.map((z) => z[j]![i]!))));
  const spread = columns.map((z) => sum(z.flatMap((column, j) => column.map((x, i) => (x - centre[j]![i]!) ** 2))));
  return sum(entropy) + (weight * views.length * sum(spread)) / batch;
}

const tensors = (views: readonly Rows[]): tf.Tensor2D[] => views.map((view) => tf.tensor2d(view));

describe.each(['eager', 'compiled'] as const)('frossl against lightly, %s', (mode) => {
  it.each(redundancy.frossl.map(({ options, inputs }, index) => [index, inputs.length, options] as const))(
    'case %i, %i views, %j',
    async (index, _views, options) => {
      await expectGolden(mode, redundancy.frossl[index]!, (...z) => frossl(z as tf.Tensor2D[], options));
    },
  );
});

it.each([
  [2, 4, 3, 1],
  [3, 3, 7, 0.4],
  [4, 2, 2, 0],
])('frossl against loops: %i views of %i rows of %i, weight %d', async (count, batch, dim, invarianceWeight) => {
  const views = Array.from({ length: count }, (_, i) => draw(10 * count + i, batch, dim));
  const [loss, ...gradients] = await lossAndGradients(
    'eager',
    (...z) => frossl(z, { invarianceWeight }),
    tensors(views),
  );
  expect(loss!).toBeAllClose(naive(views, invarianceWeight));
  gradients.forEach((gradient, i) =>
    expect(gradient).toBeAllClose(
      finiteDifferences((z) => naive(views.with(i, z), invarianceWeight), views[i]!),
      { rtol: 1e-4, atol: 2e-5 },
    ),
  );
});

it('frossl: order of views, of images and of features, and scales of features change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 7 }), (seed, batch) => {
      const views = [0, 1, 2].map((i) => draw(seed + i, batch, 3));
      const random = new RandomStream(randomKey(seed + 3));
      const plain = frossl(tensors(views));
      const close = { rtol: 1e-5, atol: 1e-5 } as const;
      expect(frossl(tensors(views.toReversed()))).toBeAllClose(plain, close);
      const order = [...random.permutation(batch)];
      expect(frossl(tensors(views.map((z) => order.map((i) => z[i]!))))).toBeAllClose(plain, close);
      const factors = [0, 1, 2].map(() => random.uniform(0.1, 9));
      const moved = views.map((z) => z.map(([a, b, c]) => [c! * factors[0]!, a! * factors[1]!, b! * factors[2]!]));
      expect(frossl(tensors(moved))).toBeAllClose(plain, close);
    }),
    { seed: 6, numRuns: 25 },
  ));

describe('frossl at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    const loss = await expectFinite((a, b) => frossl([a!, b!]), [z, z]);
    // One direction, or none, has no entropy.
    const expected = name.startsWith('magnitudes') ? naive([z, z]) : 0;
    expect(loss).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 });
  });

  it('one image has no entropy', () => {
    expect(frossl([tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 4]])])).toBeAllClose(0, { atol: 1e-5 });
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => frossl([x])).toThrow('frossl: views must be two or more views, got 1');
    expect(() => frossl([x, tf.zeros([2, 4])])).toThrow('frossl: views[1] must be float32 [3, 4], got float32 [2, 4]');
    expect(() => frossl([])).toThrow(ShapeError);
    expect(() => frossl([x, x], { invarianceWeight: -1 })).toThrow(InvalidOptionError);
  });
});
