import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { draw, mean, sum, transposed, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { eppsPulley } from './epps-pulley.js';

/** The integral over both halves of the axis by the trapezoidal rule, by loops in float64. */
const naive = (x: Rows, knots: number, tMax: number): number[] =>
  transposed(x).map((samples) => {
    const gap = tMax / (knots - 1);
    let total = 0;
    for (let k = 1 - knots; k < knots; k++) {
      const [t, window] = [k * gap, Math.exp(-((k * gap) ** 2) / 2)];
      const real = mean(samples.map((each) => Math.cos(t * each))) - window;
      const imaginary = mean(samples.map((each) => Math.sin(t * each)));
      total += (Math.abs(k) === knots - 1 ? 0.5 : 1) * gap * window * (real ** 2 + imaginary ** 2);
    }
    return samples.length * total;
  });

describe('eppsPulley', () => {
  it.each([
    [5, 3, 17, 3],
    [1, 2, 2, 1],
    [9, 1, 30, 6],
  ])('%i samples in %i sets, %i knots up to %d: loops and finite differences', async (n, m, knots, tMax) => {
    const x = draw(n + m, n, m, 1.5);
    expect(eppsPulley(tf.tensor2d(x), { knots, tMax })).toBeAllClose(naive(x, knots, tMax));
    const [loss, gradient] = await lossAndGradients('eager', (each) => tf.sum(eppsPulley(each!, { knots, tMax })), [
      tf.tensor2d(x),
    ]);
    expect(loss!).toBeAllClose(sum(naive(x, knots, tMax)));
    expect(gradient!).toBeAllClose(
      finiteDifferences((each) => sum(naive(each, knots, tMax)), x),
      { rtol: 1e-4, atol: 1e-5 },
    );
  });

  it('keeps leading axes, compiled as well', async () => {
    const [a, b] = [draw(1, 4, 3), draw(2, 4, 3)];
    const both = compile((x: tf.Tensor3D) => eppsPulley(x));
    expect(await both(tf.tensor3d([a, b]))).toBeAllClose([naive(a, 17, 3), naive(b, 17, 3)]);
  });

  it('is small for normal samples and large for others', () => {
    const normal = draw(3, 400, 4);
    const statistics = (x: Rows): ArrayLike<number> & Iterable<number> => eppsPulley(tf.tensor2d(x)).dataSync();
    const scaled = (factor: number, offset: number): Rows => normal.map((row) => row.map((x) => factor * x + offset));
    // Normal samples have 1.06 on average, the integral of w (1 - w^2).
    expect(Math.max(...statistics(normal))).toBeLessThan(5);
    expect(Math.min(...statistics(scaled(2, 0)))).toBeGreaterThan(20);
    expect(Math.min(...statistics(scaled(1, 1)))).toBeGreaterThan(50);
  });

  it('names what is wrong', () => {
    expect(() => eppsPulley(tf.zeros([3]))).toThrow(ShapeError);
    for (const options of [{ knots: 1 }, { knots: 2.5 }, { tMax: 0 }, { tMax: NaN }])
      expect(() => eppsPulley(tf.zeros([3, 2]), options)).toThrow(InvalidOptionError);
  });
});
