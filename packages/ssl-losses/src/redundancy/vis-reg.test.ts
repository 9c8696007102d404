import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { normalQuantiles } from './normal-quantiles.js';
import { randomDirections } from './random-directions.js';
import { visReg, type VisRegOptions, type VisRegTerms } from './vis-reg.js';

const key = tf.tensor1d([1, 2], 'int32');
const deviation = (column: readonly number[]): number => Math.sqrt(mean(column.map((x) => (x - mean(column)) ** 2)));

/** The regularisers of one view by loops in float64; `deviations` are what features are divided by. */
function naive(z: Rows, directions: Rows, deviations: readonly number[], eps: number) {
  const columns = transposed(z);
  const standardised = transposed(
    columns.map((column, j) => column.map((x) => (x - mean(column)) / (deviations[j]! + eps))),
  );
  const quantiles = normalQuantiles(z.length);
  return {
    center: mean(columns.map((column) => mean(column) ** 2)),
    scale: mean(columns.map((column) => (1 - deviation(column)) ** 2)),
    shape: mean(
      transposed(directions).flatMap((direction) => {
        const samples = standardised.map((row) => dot(row, direction)).toSorted((x, y) => x - y);
        return samples.map((x, i) => (x - quantiles[i]!) ** 2);
      }),
    ),
  };
}

/** Two views below each other, the first of them global. */
const run = (z: tf.Tensor, options: VisRegOptions = {}, directions: tf.Tensor = key): VisRegTerms => {
  const stacked = tf.reshape(z, [2, z.shape[0]! / 2, z.shape[1]!]);
  const [first, second] = tf.split(stacked, 2, 0) as [tf.Tensor3D, tf.Tensor3D];
  return visReg(first, second, directions as tf.Tensor2D, options);
};

describe.each(['eager', 'compiled'] as const)('visReg against lightly, %s', (mode) => {
  it.each(redundancy.visReg.map(({ options }, index) => [index, options] as const))(
    'case %i, %j',
    async (index, options) => {
      const golden = redundancy.visReg[index]!;
      const directions = array(golden.directions) as tf.Tensor2D;
      await expectGolden(mode, golden, (g, l) => visReg(g as tf.Tensor3D, l as tf.Tensor3D, directions, options).total);
    },
  );
});

describe('visReg', () => {
  const [first, second] = [draw(1, 5, 3), draw(2, 5, 3, 2)];
  const directions = randomDirections(key, 3, 6);
  const deviations = [first, second].map((z) => transposed(z).map(deviation));
  const both = (a: Rows, term: 'center' | 'scale' | 'shape'): number =>
    mean([a, second].map((z, i) => naive(z, directions.arraySync(), deviations[i]!, 1e-4)[term]));

  it('terms by loops, and their weights', () => {
    const z = tf.tensor2d([...first, ...second]);
    const options = { lambda: 0.7, lambdaScale: 2, lambdaShape: 3, lambdaCenter: 5, numSlices: 6 };
    const terms = run(z, options);
    for (const term of ['center', 'scale', 'shape'] as const) expect(terms[term]).toBeAllClose(both(first, term));
    // The centre of the global views is the one global view.
    const prediction = mean(second.flatMap((row, i) => row.map((x, j) => (x - first[i]![j]!) ** 2))) / 2;
    expect(terms.prediction).toBeAllClose(prediction);
    const regularizer = 2 * both(first, 'scale') + 3 * both(first, 'shape') + 5 * both(first, 'center');
    expect(terms.total).toBeAllClose(0.3 * prediction + 0.7 * regularizer);
  });

  it.each(['center', 'scale', 'shape'] as const)('%s has the gradient of finite differences', async (term) => {
    const [, gradient] = await lossAndGradients(
      'eager',
      (x) => run(tf.concat([x!, tf.tensor2d(second)]), {}, directions)[term],
      [tf.tensor2d(first)],
    );
    expect(gradient!).toBeAllClose(
      finiteDifferences((a) => both(a, term), first),
      { rtol: 1e-4, atol: 1e-5 },
    );
  });

  it('order of images changes nothing; scales of features leave the shape', () => {
    const z = (rows: Rows, factor: number): tf.Tensor2D =>
      tf.tensor2d([...rows, ...second].map(([a, b, c]) => [a! * factor, b!, c!]));
    const order = [3, 0, 4, 1, 2];
    const plain = run(z(first, 1), {}, directions);
    const shuffled = run(
      z(
        order.map((i) => first[i]!),
        1,
      ),
      {},
      directions,
    );
    for (const term of ['center', 'scale', 'shape'] as const) expect(shuffled[term]).toBeAllClose(plain[term]);
    expect(run(z(first, 7), { eps: 1e-9 }, directions).shape).toBeAllClose(
      run(z(first, 1), { eps: 1e-9 }, directions).shape,
      { rtol: 1e-5 },
    );
  });

  it.each(extremes(6))('%s', async (name, rows) => {
    const loss = await expectFinite((x) => run(x!, { numSlices: 8 }).total, [rows]);
    // Without spread, scale and center are known, and the shape is the quantiles' mean square.
    const known = 0.9 * (1 + mean([...normalQuantiles(3)].map((x) => x * x)));
    expect(name === 'zero rows' ? known : loss).toBeCloseTo(loss, 5);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3, 4]) as tf.Tensor3D;
    expect(() => visReg(x, tf.zeros([1, 2, 4]), key)).toThrow(
      'visReg: localViews must be float32 [views, 3, 4], got float32 [1, 2, 4]',
    );
    expect(() => visReg(tf.zeros([2, 1, 4]), tf.zeros([2, 1, 4]), key)).toThrow(ShapeError);
    for (const options of [{ lambda: 2 }, { lambdaShape: -1 }, { eps: 0 }, { numSlices: 0 }])
      expect(() => visReg(x, x, key, options)).toThrow(InvalidOptionError);
  });
});
