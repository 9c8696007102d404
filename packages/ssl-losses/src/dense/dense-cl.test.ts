import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { dense } from '../../../../test/golden/losses/dense.js';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  ofLargest,
  sum,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { denseCL, type DenseCLView } from './dense-cl.js';

/** Equation 2 by loops in float64: negatives besides, or the other keys. */
function contrast(queries: Rows, keys: Rows, negatives: Rows | undefined, temperature: number): number {
  return mean(
    queries.map((query, i) => {
      const score = (other: number[]): number => dot(unit(query), unit(other)) / temperature;
      const all = negatives === undefined ? keys.map(score) : [score(keys[i]!), ...negatives.map(score)];
      return Math.log(sum(all.map(Math.exp))) - score(keys[i]!);
    }),
  );
}

/** For each row, that of the other view in the same image whose feature is most similar. */
const correspondence = (features: Rows, others: Rows, places: number): number[] =>
  features.map((row, i) => {
    const first = Math.floor(i / places) * places;
    const cosines = others.slice(first, first + places).map((other) => dot(unit(row), unit(other)));
    return first + cosines.indexOf(Math.max(...cosines));
  });

const cube = (rows: Rows, places: number): tf.Tensor3D =>
  tf.reshape(tf.tensor2d(rows), [rows.length / places, places, rows[0]!.length]);
const view = (global: Rows, local: Rows, features: Rows, places: number): DenseCLView => ({
  global: tf.tensor2d(global),
  dense: cube(local, places),
  features: cube(features, places),
});

describe.each(['eager', 'compiled'] as const)('denseCL against lightly, %s', (mode) => {
  it.each(dense.denseCL.map(({ options, inputs }, index) => [index, options, inputs[1]!.shape] as const))(
    'case %i, %j, %j',
    async (index, options) => {
      const golden = dense.denseCL[index]!;
      const [features, keys] = golden.features.map(array) as [tf.Tensor3D, tf.Tensor3D];
      const [negatives, denseNegatives] = golden.negatives.map(array) as tf.Tensor2D[];
      const queues = negatives === undefined ? {} : { negatives, denseNegatives: denseNegatives! };
      const run = (...[a, b, c, d]: tf.Tensor[]): tf.Scalar =>
        denseCL(
          { global: a as tf.Tensor2D, dense: b as tf.Tensor3D, features },
          { global: c as tf.Tensor2D, dense: d as tf.Tensor3D, features: keys },
          { ...options, ...queues },
        );
      await expectGolden(mode, golden, run, 2e-5);
    },
  );
});

it.each([
  [2, 3, 0, {}],
  [3, 2, 5, { lambda: 0.8, temperature: 0.5 }],
])('denseCL against loops: %i images of %i places, %i negatives, %j', async (batch, places, k, given) => {
  const { lambda, temperature } = { lambda: 0.5, temperature: 0.2, ...given };
  const [q, qDense, qFeatures] = [draw(1, batch, 4), draw(2, batch * places, 3), draw(3, batch * places, 5)];
  const [key, kDense, kFeatures] = [draw(4, batch, 4), draw(5, batch * places, 3), draw(6, batch * places, 5)];
  const [negatives, denseNegatives] = k === 0 ? [] : [draw(7, k, 4), draw(8, k, 3)];
  const partners = correspondence(qFeatures, kFeatures, places);
  const naive = (x: Rows): number =>
    (1 - lambda) * contrast(q, key, negatives, temperature) +
    lambda *
      contrast(
        x,
        partners.map((j) => kDense[j]!),
        denseNegatives,
        temperature,
      );
  const queues = k === 0 ? {} : { negatives: tf.tensor2d(negatives!), denseNegatives: tf.tensor2d(denseNegatives!) };
  const [loss, gradient] = await lossAndGradients(
    'eager',
    (x) =>
      denseCL(
        { ...view(q, qDense, qFeatures, places), dense: tf.reshape(x!, [batch, places, 3]) },
        view(key, kDense, kFeatures, places),
        { ...given, ...queues },
      ),
    [tf.tensor2d(qDense)],
  );
  expect(loss!).toBeAllClose(naive(qDense), { rtol: 2e-5 });
  const slope = finiteDifferences(naive, qDense);
  expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), 2e-5));
});

it('features that are trained too choose partners and get no gradient', () => {
  const key = view(draw(4, 2, 4), draw(5, 6, 3), draw(6, 6, 5), 3);
  const global = tf.tensor2d(draw(1, 2, 4));
  const gradient = tf.grad((x) => {
    const features = tf.reshape(x, [2, 3, 5]) as tf.Tensor3D;
    return denseCL({ global, dense: tf.slice(features, [0, 0, 0], [2, 3, 3]), features }, key);
  })(tf.tensor2d(draw(3, 6, 5)));
  // The last two channels are only compared.
  expect(tf.slice(gradient, [0, 3], [6, 2])).toBeAllClose(tf.zeros([6, 2]));
  expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0.01);
});

it('denseCL: order of images, and of the places of either view, and lengths change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      const rows = [draw(seed, 3, 4), draw(seed + 1, 6, 3), draw(seed + 2, 6, 5)] as const;
      const keys = [draw(seed + 3, 3, 4), draw(seed + 4, 6, 3), draw(seed + 5, 6, 5)] as const;
      const random = new RandomStream(randomKey(seed));
      const images = [...random.permutation(3)];
      const turned = ([global, local, features]: readonly [Rows, Rows, Rows], places: number[]): DenseCLView => {
        const move = (x: Rows): Rows => images.flatMap((i) => places.map((j) => x[2 * i + j]!.map((y) => y * (i + 1))));
        return view(
          images.map((i) => global[i]!),
          move(local),
          move(features),
          2,
        );
      };
      expect(denseCL(turned(rows, [1, 0]), turned(keys, [0, 1]))).toBeAllClose(
        denseCL(view(...rows, 2), view(...keys, 2)),
        { rtol: 5e-5, atol: 1e-5 },
      );
    }),
    { seed: 3, numRuns: 15 },
  ));

describe('denseCL at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    const key = view(z.slice(2), z.toReversed(), z, 2);
    await expectFinite(
      (a, b) =>
        denseCL({ global: a!, dense: tf.reshape(b!, [2, 2, 3]), features: tf.reshape(b!, [2, 2, 3]) }, key, {
          temperature: 0.01,
        }),
      [z.slice(2), z],
    );
  });

  it('names what is wrong', () => {
    const one = view(draw(1, 2, 4), draw(2, 6, 3), draw(3, 6, 5), 3);
    expect(() => denseCL(one, { ...one, dense: tf.zeros([2, 3, 4]) })).toThrow(
      'denseCL: key.dense must be float32 [2, places, 3], got float32 [2, 3, 4]',
    );
    expect(() => denseCL({ ...one, features: tf.zeros([2, 2, 5]) }, one)).toThrow(ShapeError);
    expect(() => denseCL(one, one, { lambda: 1.5 })).toThrow(InvalidOptionError);
    expect(() => denseCL(one, one, { temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => denseCL(one, one, { negatives: tf.zeros([4, 3]) })).toThrow(ShapeError);
  });
});
