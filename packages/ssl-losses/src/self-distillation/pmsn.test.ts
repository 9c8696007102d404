import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { prototypes as goldens } from '../../../../test/golden/losses/prototypes.js';
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
  transposed,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { msn } from './msn.js';
import { pmsn } from './pmsn.js';

/** `KL(prior || mean prediction)` by loops in float64, at temperature 0.1. */
function divergence(anchors: Rows, prototypes: Rows, prior: readonly number[]): number {
  const predictions = anchors.map((row) => {
    const terms = prototypes.map((prototype) => Math.exp(dot(unit(row), unit(prototype)) / 0.1));
    return terms.map((term) => term / sum(terms));
  });
  const average = transposed(predictions).map(mean);
  return sum(prior.map((share, j) => (share === 0 ? 0 : share * Math.log(share / average[j]!))));
}

const powerLaw = (k: number, exponent: number): number[] => {
  const weights = Array.from({ length: k }, (_, j) => (j + 1) ** -exponent);
  return weights.map((weight) => weight / sum(weights));
};

const cases = goldens.prototypeMatching.filter(({ name }) => name !== 'MSNLoss');

describe.each(['eager', 'compiled'] as const)('pmsn against lightly, %s', (mode) => {
  it.each(cases.map(({ name, options }, index) => [index, name, options] as const))(
    'case %i, %s, %j',
    async (index, _name, options) => {
      const { teacher, prior } = cases[index]!;
      const targets = array(teacher[0]!) as tf.Tensor2D;
      const all = prior === undefined ? options : { ...options, targetDistribution: array(prior) as tf.Tensor1D };
      await expectGolden(
        mode,
        cases[index]!,
        (anchors, prototypes) => pmsn(anchors as tf.Tensor2D, targets, prototypes as tf.Tensor2D, all),
        2e-5,
      );
    },
  );
});

it.each([0, 0.25, 2])('pmsn against loops: the prior with exponent %d, weight 3', async (powerLawExponent) => {
  const [anchors, targets, prototypes] = [draw(1, 4, 3), draw(2, 4, 3), draw(3, 5, 3)];
  const prior = powerLaw(5, powerLawExponent);
  const without = (a: tf.Tensor2D, p: tf.Tensor2D): tf.Scalar =>
    msn(a, tf.tensor2d(targets), p, { regularizationWeight: 0 });
  // What the prior adds; the rest is msn's and is tested there.
  const added = (a: tf.Tensor2D, p: tf.Tensor2D): tf.Scalar =>
    tf.sub(pmsn(a, tf.tensor2d(targets), p, { powerLawExponent, regularizationWeight: 3 }), without(a, p));
  const [value, ...gradients] = await lossAndGradients('eager', (a, p) => added(a!, p!), [
    tf.tensor2d(anchors),
    tf.tensor2d(prototypes),
  ]);
  expect(value!).toBeAllClose(3 * divergence(anchors, prototypes, prior), { rtol: 2e-5, atol: 1e-5 });
  const slopes = [
    finiteDifferences((x) => 3 * divergence(x, prototypes, prior), anchors),
    finiteDifferences((x) => 3 * divergence(anchors, x, prior), prototypes),
  ];
  slopes.forEach((slope, i) => expect(gradients[i]!).toBeAllClose(slope, ofLargest(slope.flat(), 5e-5)));
});

it('pmsn: order of images changes nothing, order of prototypes does; a prior may be made of the mean prediction', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      const [anchors, targets, prototypes] = [draw(seed, 3, 4), draw(seed + 1, 3, 4), draw(seed + 2, 6, 4)];
      const run = (a: Rows, t: Rows, p: Rows, options: Parameters<typeof pmsn>[3] = { powerLawExponent: 1 }): number =>
        pmsn(tf.tensor2d(a), tf.tensor2d(t), tf.tensor2d(p), options).dataSync()[0]!;
      const plain = run(anchors, targets, prototypes);
      expect(run(anchors.toReversed(), targets.toReversed(), prototypes)).toBeAllClose(plain, { rtol: 1e-4 });
      expect(run(anchors, targets, prototypes.toReversed())).not.toBeAllClose(plain, { rtol: 1e-5 });
      const uniform = { powerLawExponent: 0 };
      expect(run(anchors, targets, prototypes.toReversed(), uniform)).toBeAllClose(
        run(anchors, targets, prototypes, uniform),
        { rtol: 1e-4 },
      );
      // A prior that is the mean prediction costs nothing.
      expect(run(anchors, targets, prototypes, { targetDistribution: (p) => p })).toBeAllClose(
        run(anchors, targets, prototypes, { regularizationWeight: 0 }),
        { rtol: 2e-5, atol: 1e-5 },
      );
    }),
    { seed: 3, numRuns: 20 },
  ));

describe('pmsn at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    await expectFinite((a, p) => pmsn(a!, tf.tensor2d(z), p!, { temperature: 0.01 }), [z, draw(9, 5, 3)]);
  });

  it('names what is wrong', () => {
    const [x, p] = [tf.ones([2, 3]) as tf.Tensor2D, tf.ones([4, 3]) as tf.Tensor2D];
    expect(() => pmsn(tf.ones([3, 3]), x, p)).toThrow(ShapeError);
    expect(() => pmsn(x, x, p, { targetDistribution: tf.ones([3]) })).toThrow(
      'pmsn: targetDistribution must be float32 [4], got float32 [3]',
    );
    expect(() => pmsn(x, x, p, { powerLawExponent: -1 })).toThrow(InvalidOptionError);
  });
});
