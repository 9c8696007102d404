import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
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
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { negativeCosine } from './negative-cosine.js';

/** By loops in float64. */
const naive = (p: Rows, z: Rows, eps = 1e-8): number[] =>
  p.map((row, i) => {
    const length = (x: readonly number[]): number => Math.max(Math.sqrt(dot(x, x)), eps);
    return -dot(row, z[i]!) / (length(row) * length(z[i]!));
  });

describe.each(['eager', 'compiled'] as const)('negativeCosine against lightly, %s', (mode) => {
  it.each(redundancy.negativeCosine.map(({ options }, index) => [index, options] as const))(
    'case %i, %j',
    async (index, options) => {
      await expectGolden(mode, redundancy.negativeCosine[index]!, (p, z) => negativeCosine(p!, z!, options));
    },
  );
});

describe('negativeCosine against loops', () => {
  const [p, z] = [draw(1, 5, 4), draw(2, 5, 4)];

  it('each row, along either axis, with short vectors', () => {
    const [x, y] = [tf.tensor2d(p), tf.tensor2d(z)];
    expect(negativeCosine(x, y, { reduction: 'none' })).toBeAllClose(naive(p, z));
    expect(negativeCosine(x, y, { reduction: 'none', axis: -1, eps: 3 })).toBeAllClose(naive(p, z, 3));
    expect(negativeCosine(x, y, { reduction: 'none', axis: 0 })).toBeAllClose(naive(transposed(p), transposed(z)));
    const halves = (rows: Rows): Rows => rows.flatMap((row) => [row.slice(0, 2), row.slice(2)]);
    expect(negativeCosine(tf.reshape(x, [5, 2, 2]), tf.reshape(y, [5, 2, 2]), { axis: 2 })).toBeAllClose(
      mean(naive(halves(p), halves(z))),
    );
  });

  it('has the gradient of finite differences, and none into the target', async () => {
    const inputs = [tf.tensor2d(p), tf.tensor2d(z)];
    const slope = finiteDifferences((x) => mean(naive(x, z)), p);
    const [, stopped, constant] = await lossAndGradients('eager', (x, y) => negativeCosine(x!, y!), inputs);
    expect(stopped!).toBeAllClose(slope, { rtol: 1e-4, atol: 1e-6 });
    expect(constant!).toBeAllClose(z.map((row) => row.map(() => 0)));
    const [, , free] = await lossAndGradients(
      'eager',
      (x, y) => negativeCosine(x!, y!, { stopGradient: false }),
      inputs,
    );
    expect(free!).toBeAllClose(
      finiteDifferences((y) => mean(naive(p, y)), z),
      { rtol: 1e-4, atol: 1e-6 },
    );
  });
});

it('negativeCosine: positive factors change nothing, a negative one turns the sign', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (seed, factor) => {
      const [p, z] = [tf.tensor2d(draw(seed, 4, 3)), tf.tensor2d(draw(seed + 1, 4, 3))];
      const plain = negativeCosine(p, z).dataSync()[0]!;
      expect(negativeCosine(tf.mul(p, factor), z)).toBeAllClose(plain, { rtol: 1e-5, atol: 1e-6 });
      expect(negativeCosine(p, tf.mul(z, -factor))).toBeAllClose(-plain, { rtol: 1e-5, atol: 1e-6 });
      expect(negativeCosine(z, p)).toBeAllClose(plain);
    }),
    { seed: 1, numRuns: 30 },
  ));

describe('negativeCosine at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    const loss = await expectFinite((x, y) => negativeCosine(x!, y!, { stopGradient: false }), [z, z]);
    expect(loss).toBeCloseTo(name === 'zero rows' ? 0 : -1, 5);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]);
    expect(() => negativeCosine(x, tf.zeros([3, 5]))).toThrow(
      'negativeCosine: target must be float32 [3, 4], got float32 [3, 5]',
    );
    expect(() => negativeCosine(tf.zeros([3]), tf.zeros([3]))).toThrow(ShapeError);
    for (const axis of [2, -3, 0.5]) expect(() => negativeCosine(x, x, { axis })).toThrow(InvalidOptionError);
    for (const eps of [0, -1, NaN, 1e-20]) expect(() => negativeCosine(x, x, { eps })).toThrow(InvalidOptionError);
  });
});
