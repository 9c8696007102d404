import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
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
import { msn, msnDefaults } from './msn.js';

const predict = (rows: Rows, prototypes: Rows, temperature: number): Rows =>
  rows.map((row) => {
    const terms = prototypes.map((prototype) => Math.exp(dot(unit(row), unit(prototype)) / temperature));
    return terms.map((term) => term / sum(terms));
  });

/** Sharpened and balanced targets by loops in float64. */
function codesOf(targets: Rows, prototypes: Rows, options: typeof msnDefaults): Rows {
  let q = predict(targets, prototypes, options.temperature).map((row) => {
    const powers = row.map((share) => share ** (1 / options.targetSharpenTemperature));
    return powers.map((power) => power / sum(powers));
  });
  for (let round = 0; round < options.sinkhornIterations; round++) {
    const columns = transposed(q).map(sum);
    q = q.map((row) => row.map((x, j) => x / columns[j]!)).map((row) => row.map((x) => x / sum(row)));
  }
  return q;
}

/** Equation 1 by loops in float64. */
function naive(anchors: Rows, codes: Rows, prototypes: Rows, options: typeof msnDefaults): number {
  const predictions = predict(anchors, prototypes, options.temperature);
  const entropies = predictions.map((row, i) => -dot(codes[i % codes.length]!, row.map(Math.log)));
  const average = transposed(predictions).map(mean);
  const prior = dot(average, average.map(Math.log)) + Math.log(average.length);
  return mean(entropies) + options.regularizationWeight * prior;
}

const cases = goldens.prototypeMatching.filter(({ name }) => name === 'MSNLoss');

describe.each(['eager', 'compiled'] as const)('msn against lightly, %s', (mode) => {
  it.each(cases.map(({ options }, index) => [index, options] as const))('case %i, %j', async (index, options) => {
    const targets = array(cases[index]!.teacher[0]!) as tf.Tensor2D;
    await expectGolden(
      mode,
      cases[index]!,
      (anchors, prototypes) => msn(anchors as tf.Tensor2D, targets, prototypes as tf.Tensor2D, options),
      2e-5,
    );
  });
});

it.each([
  [1, 4, 3, 5, {}],
  [3, 2, 4, 3, { temperature: 0.3, targetSharpenTemperature: 0.5, regularizationWeight: 4 }],
  [2, 3, 5, 6, { sinkhornIterations: 0, regularizationWeight: 0 }],
])('msn against loops: %i views of %i rows of %i, %i prototypes, %j', async (views, batch, dim, k, given) => {
  const options = { ...msnDefaults, ...given } as typeof msnDefaults;
  const [anchors, targets, prototypes] = [draw(1, views * batch, dim), draw(2, batch, dim), draw(3, k, dim)];
  const codes = codesOf(targets, prototypes, options);
  const [loss, ...gradients] = await lossAndGradients('eager', (a, p) => msn(a!, tf.tensor2d(targets), p!, given), [
    tf.tensor2d(anchors),
    tf.tensor2d(prototypes),
  ]);
  expect(loss!).toBeAllClose(naive(anchors, codes, prototypes, options), { rtol: 1e-5, atol: 1e-5 });
  // The prototypes of the codes are constants of the gradient.
  const slopes = [
    finiteDifferences((x) => naive(x, codes, prototypes, options), anchors),
    finiteDifferences((x) => naive(anchors, codes, x, options), prototypes),
  ];
  slopes.forEach((slope, i) => expect(gradients[i]!).toBeAllClose(slope, ofLargest(slope.flat(), 2e-5)));
});

it('msn takes the sharpening of a schedule as a scalar, in one trace', async () => {
  const [anchors, targets, prototypes] = [draw(1, 4, 3), draw(2, 4, 3), draw(3, 5, 3)];
  let traces = 0;
  const step = compile((sharpen: tf.Tensor) => {
    traces++;
    return msn(tf.tensor2d(anchors), tf.tensor2d(targets), tf.tensor2d(prototypes), {
      targetSharpenTemperature: sharpen as tf.Scalar,
    });
  });
  for (const sharpen of [0.25, 0.4]) {
    const options = { ...msnDefaults, targetSharpenTemperature: sharpen } as unknown as typeof msnDefaults;
    const expected = naive(anchors, codesOf(targets, prototypes, options), prototypes, options);
    expect(await step(tf.scalar(sharpen))).toBeAllClose(expected, { rtol: 2e-5 });
  }
  expect(traces).toBe(1);
});

it('msn: order of images and of prototypes, lengths, and a common rotation change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 5 }), (seed, batch) => {
      const inputs = [draw(seed, batch, 4), draw(seed + 1, batch, 4), draw(seed + 2, 6, 4)] as const;
      const run = ([a, t, p]: readonly [Rows, Rows, Rows]): tf.Scalar =>
        msn(tf.tensor2d(a), tf.tensor2d(t), tf.tensor2d(p));
      const plain = run(inputs);
      const close = { rtol: 1e-4, atol: 1e-5 };
      const random = new RandomStream(randomKey(seed));
      const [order, axes] = [[...random.permutation(batch)], [...random.permutation(6)]];
      const [anchors, targets, prototypes] = inputs;
      const shuffled = [order.map((i) => anchors[i]!), order.map((i) => targets[i]!), axes.map((i) => prototypes[i]!)];
      expect(run(shuffled as unknown as [Rows, Rows, Rows])).toBeAllClose(plain, close);
      const each = (f: (row: number[], i: number) => number[]): [Rows, Rows, Rows] => [
        anchors.map(f),
        targets.map(f),
        prototypes.map(f),
      ];
      expect(run(each((row, i) => row.map((x) => x * (i + 0.3))))).toBeAllClose(plain, close);
      expect(run(each(([a, b, c, d]) => [0.6 * a! - 0.8 * b!, 0.8 * a! + 0.6 * b!, d!, c!]))).toBeAllClose(
        plain,
        close,
      );
    }),
    { seed: 3, numRuns: 20 },
  ));

describe('msn at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    const targets = tf.tensor2d(z.toReversed());
    await expectFinite((a, p) => msn(a!, targets, p!, { temperature: 0.01 }), [z, draw(9, 5, 3)]);
    await expectFinite((a, p) => msn(a!, targets, p!, { temperature: 0.01 }), [draw(9, 4, 3), z]);
  });

  it('prototypes that nobody predicts keep the prior finite', async () => {
    // At temperature 0.005, a share of exp(-400) is 0 in float32.
    const [anchors, prototypes] = [
      [[1, 0]],
      [
        [1, 0],
        [-1, 0],
      ],
    ];
    const loss = await expectFinite(
      (a, p) => msn(a!, tf.tensor2d(anchors), p!, { temperature: 0.005 }),
      [anchors, prototypes],
    );
    // One target is spread evenly by the balancing, and the anchor puts all on one of two.
    expect(loss).toBeAllClose(200 + Math.log(2));
  });

  it('one prototype', () => {
    expect(msn(tf.ones([2, 3]), tf.ones([2, 3]), tf.ones([1, 3]))).toBeAllClose(0);
  });

  it('names what is wrong', () => {
    const [x, p] = [tf.ones([2, 3]) as tf.Tensor2D, tf.ones([4, 3]) as tf.Tensor2D];
    expect(() => msn(tf.ones([3, 3]), x, p)).toThrow('msn: anchors must be [2 * views, 3], got [3, 3]');
    expect(() => msn(x, x, tf.ones([4, 2]))).toThrow(ShapeError);
    for (const options of [
      { temperature: 0 },
      { targetSharpenTemperature: 0 },
      { sinkhornIterations: -1 },
      { regularizationWeight: NaN },
    ])
      expect(() => msn(x, x, p, options)).toThrow(InvalidOptionError);
  });
});
