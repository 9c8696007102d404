import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile, keyArray } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { tensor } from '../../../../test/golden/losses/cases.js';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  ofLargest,
  sum,
  transposed,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { structure } from '../../../../test/golden/losses/structure.js';
import { dse, dseByDraws, dseDefaults } from './dse.js';
import { exponentOfEntropy } from '../diagnostics/effective-rank.js';
import { gramMatrix } from '../transfer/gram-matrix.js';
import { symmetricEigenvalues } from '../numerics/symmetric-eigenvalues.js';

const key = (seed: number): tf.Tensor1D => tf.tensor1d(keyArray(randomKey(seed)).data, 'int32');
const cube = (rows: Rows, batch: number): tf.Tensor3D =>
  tf.tensor3d(rows.flat(), [batch, rows.length / batch, rows[0]!.length]);

describe.each(['eager', 'compiled'] as const)('dse against lightly, %s', (mode) => {
  it.each(structure.dse.map(({ inputs, options }, index) => [index, inputs[0]!.shape, options] as const))(
    'case %i, %j, %j',
    async (index) => {
      const golden = structure.dse[index]!;
      const draws = {
        images: tensor(golden.images) as tf.Tensor3D,
        groups: golden.groups.map((table) => tensor(table) as tf.Tensor3D),
      };
      const settings = { ...dseDefaults, ...(golden.options as object) };
      await expectGolden(mode, golden as never, (x) => dseByDraws(x as tf.Tensor3D, draws, settings), 2e-5);
    },
  );
});

/** Singular values in float64. */
const singular = (x: Rows): Float64Array => {
  const { gram, n } = gramMatrix(Float64Array.from(x.flat()), x.length, x[0]!.length);
  return symmetricEigenvalues(gram, n).map((value) => Math.sqrt(Math.max(value, 0)));
};
const centred = (x: Rows): Rows => {
  const middle = transposed(x).map(mean);
  return x.map((row) => row.map((value, i) => value - middle[i]!));
};
const apart = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((value, i) => value - b[i]!));

/** The term of one group of images whose clusters are known: labels of each image's places, and of the group's. */
function naive(z: Rows, batch: number, local: readonly number[], whole: readonly number[], normalize: boolean): number {
  const places = z.length / batch;
  const x = normalize ? z.map(unit) : z;
  const dim = x[0]!.length;
  const sizes = (rows: Rows, labels: readonly number[]): number[] =>
    [...new Set(labels)].flatMap((label) => {
      const members = rows.filter((_, i) => labels[i] === label);
      if (members.length < 2) return [];
      return [sum([...singular(centred(members))]) / Math.sqrt(Math.max(members.length - 1, dim))];
    });
  const images = Array.from({ length: batch }, (_, b) =>
    sizes(x.slice(b * places, (b + 1) * places), local.slice(b * places, (b + 1) * places)),
  );
  const centres = [...new Set(whole)].map((label) => ({
    label,
    // Constants, as k-means' means are.
    centre: transposed(fixed.filter((_, i) => whole[i] === label)).map(mean),
  }));
  const inter = mean(
    x.map((row, i) =>
      Math.min(...centres.filter(({ label }) => label !== whole[i]).map(({ centre }) => apart(row, centre))),
    ),
  );
  const spread = mean(centred(x).map((row) => Math.hypot(...row)));
  const intra = 0.5 * (mean(sizes(x, whole)) + mean(images.map(mean)));
  const rank = exponentOfEntropy(singular(x), 0) / Math.min(x.length, dim);
  return -((inter - intra) / spread + rank);
}

/** Places far apart in two clusters an image and four a batch, so that any start finds them. */
const centres = [
  [9, 0, 0],
  [0, 9, 0],
  [0, 0, 9],
  [-9, 0, 0],
];
const random = new RandomStream(randomKey(8));
const [local, whole] = [
  [0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1],
  [0, 1, 0, 1, 1, 0, 2, 3, 3, 2, 3, 3],
];
const places = whole.map((label) => centres[label]!.map((value) => value + 0.3 * random.normal()));
const fixed = places.map(unit);
const settings = { localClusters: 2, globalClusters: 4, maxIterations: 20 } as const;

it.each(['eager', 'compiled'] as const)('dse against loops and finite differences, %s', async (mode) => {
  const loss = (x: tf.Tensor2D): tf.Scalar => dse(tf.reshape(x, [2, 6, 3]), key(3), settings);
  const [value, gradient] = await lossAndGradients(mode, (x) => loss(x!), [tf.tensor2d(places)]);
  expect(value!).toBeAllClose(naive(places, 2, local, whole, true));
  const slope = finiteDifferences((x) => naive(x, 2, local, whole, true), places);
  expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), 3e-4));
});

describe('dse', () => {
  it('turned and scaled features change nothing; a weight scales', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.01, max: 100, noNaN: true }), (seed, factor) => {
        const x = cube(draw(seed, 16, 4), 4);
        const options = { localClusters: 2, globalClusters: 4, maxIterations: 3 } as const;
        const plain = dse(x, key(seed), options);
        const close = { rtol: 1e-4, atol: 1e-5 };
        expect(dse(tf.mul(x, factor), key(seed), options)).toBeAllClose(plain, close);
        expect(dse(tf.reverse(x, 2), key(seed), options)).toBeAllClose(plain, close);
        expect(dse(x, key(seed), { ...options, weight: 0.25 })).toBeAllClose(tf.mul(plain, 0.25), close);
        expect(dse(x, key(seed), { ...options, weight: 0 })).toBeAllClose(0);
      }),
      { seed: 4, numRuns: 15 },
    ));

  it('its gradient separates and spreads: a step down lowers it', () => {
    const x = cube(draw(6, 24, 4), 4);
    const loss = (z: tf.Tensor): tf.Scalar => dse(z as tf.Tensor3D, key(1), settings);
    const down = tf.sub(x, tf.mul(tf.grad(loss)(x), 1e-2));
    expect(loss(down).dataSync()[0]!).toBeLessThan(loss(x).dataSync()[0]!);
  });

  it('draws by its key, as tables of those draws do', async () => {
    const x = cube(draw(7, 40, 3), 5);
    const values = [1, 1, 2, 3, 4].map((seed) => dse(x, key(seed), settings).dataSync()[0]!);
    expect(values[0]).toBe(values[1]);
    expect(new Set(values).size).toBeGreaterThan(1);
    const compiled = await compile((z: tf.Tensor3D, k: tf.Tensor1D) => dse(z, k, settings))(x, key(1));
    expect(compiled).toBeAllClose(values[0]!);
  });

  it('keeps no gradient of the draws and leaves nothing behind', () => {
    const x = cube(draw(7, 12, 3), 2);
    const k = key(1);
    const before = tf.memory().numTensors;
    tf.dispose(tf.valueAndGrad((z) => dse(z as tf.Tensor3D, k, settings))(x).grad);
    // The value stays until its owner disposes it.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(1);
  });

  it('without spread, has the rank of one direction left', () => {
    const same = cube(
      Array.from({ length: 8 }, () => [1, 2, 3]),
      2,
    );
    expect(dse(same, key(1), settings)).toBeAllClose(-1 / 3, { atol: 1e-3 });
  });

  it.each(extremes(8))('%s', async (_, z) => {
    const loss = await expectFinite((x) => dse(tf.reshape(x!, [2, 4, 3]), key(1), settings), [z]);
    expect(Math.abs(loss)).toBeLessThan(20);
  });

  it('of one image, of one place each, of one cluster', async () => {
    for (const [rows, batch, options] of [
      [6, 1, {}],
      [5, 5, { localClusters: 1, globalClusters: 2 }],
      [6, 2, { localClusters: 1, globalClusters: 1 }],
    ] as const)
      await expectFinite(
        (x) => dse(tf.reshape(x!, [batch, rows / batch, 3]), key(1), { maxIterations: 3, ...options }),
        [draw(rows, rows, 3)],
      );
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3, 4]) as tf.Tensor3D;
    expect(() => dse(tf.zeros([2, 3]) as unknown as tf.Tensor3D, key(1))).toThrow(
      'dse: features must be float32 [batch, places, dim], got float32 [2, 3]',
    );
    expect(() => dse(tf.zeros([2, 0, 4]), key(1))).toThrow(ShapeError);
    expect(() => dse(x, tf.zeros([3], 'int32') as tf.Tensor1D)).toThrow(ShapeError);
    for (const options of [
      { weight: -1 },
      { localClusters: 0 },
      { globalClusters: 1.5 },
      { maxIterations: 0 },
      { tolerance: 0 },
    ])
      expect(() => dse(x, key(1), options)).toThrow(InvalidOptionError);
  });
});
