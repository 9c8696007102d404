import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { alignment, featureStd, l2Normalize, uniformity } from '../index.js';

type Rows = number[][];
const draw = (seed: number, rows: number, dim: number): Rows => {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: rows }, () => Array.from({ length: dim }, () => random.normal()));
};
const unit = (rows: Rows): Rows => rows.map((row) => row.map((x) => x / Math.hypot(...row)));
const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const naiveStd = (z: Rows): number => {
  const rows = unit(z);
  return mean(
    rows[0]!.map((_, d) => {
      const column = rows.map((row) => row[d]!);
      return Math.sqrt(column.reduce((sum, x) => sum + (x - mean(column)) ** 2, 0) / (column.length - 1));
    }),
  );
};
const naiveAlignment = (x: Rows, y: Rows, alpha: number): number =>
  mean(unit(x).map((row, i) => squaredDistance(row, unit(y)[i]!) ** (alpha / 2)));
const naiveUniformity = (x: Rows, t: number): number => {
  const rows = unit(x);
  return Math.log(
    mean(rows.flatMap((a, i) => rows.filter((_, j) => j !== i).map((b) => Math.exp(-t * squaredDistance(a, b))))),
  );
};

describe('diagnostics against loops', () => {
  const [x, y] = [draw(1, 6, 4), draw(2, 6, 4)];

  it('featureStd', async () => {
    expect(featureStd(tf.tensor2d(x))).toBeAllClose(naiveStd(x));
    expect(await compile((z: tf.Tensor2D) => featureStd(z))(tf.tensor2d(x))).toBeAllClose(naiveStd(x));
    expect(featureStd(tf.tensor2d(x.map(() => x[0]!)))).toBeAllClose(0);
    for (const mode of ['eager', 'compiled'] as const) {
      const [, gradient] = await lossAndGradients(mode, (z) => featureStd(z!), [tf.tensor2d(x)]);
      expect(gradient!).toBeAllClose(finiteDifferences(naiveStd, x), { rtol: 1e-4, atol: 1e-6 });
    }
    expect(featureStd(tf.tensor2d(draw(3, 500, 16)))).toBeAllClose(1 / Math.sqrt(16), { rtol: 0.03 });
  });

  it.each([2, 1, 3])('alignment, alpha %d, with its gradient', async (alpha) => {
    const [loss, gradient] = await lossAndGradients('eager', (a) => alignment(a!, tf.tensor2d(y), { alpha }), [
      tf.tensor2d(x),
    ]);
    expect(loss!).toBeAllClose(naiveAlignment(x, y, alpha));
    expect(gradient!).toBeAllClose(
      finiteDifferences((a) => naiveAlignment(a, y, alpha), x),
      { rtol: 1e-4, atol: 1e-6 },
    );
  });

  it.each([2, 0.5])('uniformity, t %d, with its gradient', async (t) => {
    for (const mode of ['eager', 'compiled'] as const) {
      const [loss, gradient] = await lossAndGradients(mode, (a) => uniformity(a!, { t }), [tf.tensor2d(x)]);
      expect(loss!).toBeAllClose(naiveUniformity(x, t));
      expect(gradient!).toBeAllClose(
        finiteDifferences((a) => naiveUniformity(a, t), x),
        { rtol: 1e-4, atol: 1e-6 },
      );
    }
  });

  it('collapsed and zero features stay finite', async () => {
    const same = tf.tensor2d([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(uniformity(same)).toBeAllClose(0, { atol: 1e-5 });
    const [loss, gradient] = await lossAndGradients('eager', (a) => alignment(a!, same, { alpha: 1 }), [same]);
    expect(loss!).toBeAllClose(0, { atol: 1e-5 });
    expect(gradient!.dataSync().every(Number.isFinite)).toBe(true);
    expect(l2Normalize(tf.zeros([2, 3]))).toBeAllClose([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('names what is wrong', () => {
    expect(() => featureStd(tf.zeros([1, 3]))).toThrow('featureStd: z must be two or more rows, got [1, 3]');
    expect(() => alignment(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(
      'alignment: y must be float32 [2, 3], got float32 [2, 4]',
    );
    expect(() => uniformity(tf.zeros([4]) as never)).toThrow(ShapeError);
  });
});

it('l2Normalize has the gradient of finite differences', async () => {
  const x = draw(9, 3, 4);
  const w = draw(10, 3, 4);
  const loss = (rows: Rows): number =>
    unit(rows).reduce((sum, row, i) => sum + row.reduce((inner, value, j) => inner + value * w[i]![j]!, 0), 0);
  const [value, gradient] = await lossAndGradients('compiled', (a) => tf.sum(tf.mul(l2Normalize(a!), tf.tensor2d(w))), [
    tf.tensor2d(x),
  ]);
  expect(value!).toBeAllClose(loss(x));
  expect(gradient!).toBeAllClose(finiteDifferences(loss, x), { rtol: 1e-4, atol: 1e-6 });
});
