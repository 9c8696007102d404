import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
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
  whole,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { ntXent } from './nt-xent.js';
import { supCon } from './sup-con.js';

/** Equation 2 of the paper by loops in float64. */
function naive(z: Rows, labels: readonly number[], temperature: number, mode: 'all' | 'one' = 'all'): number[] {
  const batch = labels.length;
  const anchors = mode === 'one' ? z.slice(0, batch) : z;
  return anchors.map((anchor, i) => {
    const scores = z.map((row) => cosine(anchor, row) / temperature);
    const positives = scores.filter((_, j) => j !== i && labels[j % batch] === labels[i % batch]);
    return positives.length === 0 ? 0 : logSumExp(scores.filter((_, j) => j !== i)) - mean(positives);
  });
}

const whole1d = (labels: readonly number[]): tf.Tensor1D => tf.tensor1d([...labels], 'int32');
const labels = [2, 0, 2, 1, 0];

describe.each(modes)("supCon against the authors' formula, %s", (mode) => {
  const cases = contrastive.supCon.flatMap(({ options }, index) =>
    [undefined, 4].map((blockRows) => [index, options.contrastMode, options.temperature, blockRows] as const),
  );
  it.each(cases)('case %i, anchors %s, temperature %d, blocks of %s', async (index, _mode, _t, blockRows) => {
    const golden = contrastive.supCon[index]!;
    const options = { ...golden.options, ...(blockRows === undefined ? {} : { blockRows }) };
    await expectGolden(mode, golden, (z) => supCon(z as tf.Tensor2D, whole(golden.labels) as tf.Tensor1D, options));
  });
});

describe('supCon against loops', () => {
  it.each([
    [1, 0.1, 'all'],
    [2, 0.5, 'all'],
    [3, 0.07, 'one'],
    [2, 0.01, 'one'],
  ] as const)('%i views, temperature %d, anchors %s', async (views, temperature, contrastMode) => {
    const z = draw(views, 5 * views, 3);
    const options = { views, temperature, baseTemperature: temperature, contrastMode };
    expect(supCon(tf.tensor2d(z), whole1d(labels), { ...options, reduction: 'none' })).toBeAllClose(
      naive(z, labels, temperature, contrastMode),
      { rtol: 1e-5, atol: 2e-5 },
    );
    await expectSlopes(
      (x) => supCon(x!, whole1d(labels), options),
      (x) => mean(naive(x!, labels, temperature, contrastMode)),
      [z],
      1e-4,
    );
  });

  it('is ntXent where all labels differ', () => {
    const z = tf.tensor2d(draw(8, 10, 4));
    const own = whole1d([5, 9, -1, 0, 3]);
    expect(supCon(z, own, { temperature: 0.2, baseTemperature: 0.2 })).toBeAllClose(ntXent(z, { temperature: 0.2 }));
  });

  it('is 0 for an anchor without positives, which the mean counts', () => {
    const z = draw(9, 5, 3);
    const losses = supCon(tf.tensor2d(z), whole1d(labels), { views: 1, reduction: 'none' }).dataSync();
    expect(losses[3]).toBe(0);
    const total = supCon(tf.tensor2d(z), whole1d(labels), { views: 1, reduction: 'sum' });
    expect(supCon(tf.tensor2d(z), whole1d(labels), { views: 1 })).toBeAllClose(total.dataSync()[0]! / 5);
  });

  it('neither order nor names of labels, rotations nor lengths matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = new RandomStream(randomKey(seed));
        const z = draw(seed, 10, 3);
        const order = [...random.permutation(5)];
        const angle = random.uniform(0, 6);
        const changed = [...order, ...order.map((i) => i + 5)].map((i) => {
          const [a, b, c] = z[i]!;
          const factor = random.uniform(0.1, 9);
          const turned = [a! * Math.cos(angle) - b! * Math.sin(angle), a! * Math.sin(angle) + b! * Math.cos(angle), c!];
          return turned.map((x) => x * factor);
        });
        expect(supCon(tf.tensor2d(changed), whole1d(order.map((i) => 7 - labels[i]!)))).toBeAllClose(
          supCon(tf.tensor2d(z), whole1d(labels)),
          { rtol: 2e-5, atol: 2e-5 },
        );
      }),
      { seed: 5, numRuns: 20 },
    ));
});

describe('supCon at the edges', () => {
  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    for (const own of [
      [0, 0, 0, 0],
      [0, 1, 0, 1],
    ])
      await expectFinite(
        (x) => supCon(x!, whole1d(own), { views: 1, temperature: 0.01, baseTemperature: 0.01 }),
        [rows],
      );
  });

  it('one image in two views has the loss 0: there is nothing else to tell it from', () => {
    expect(supCon([tf.tensor2d([[1, 2]]), tf.tensor2d([[3, -1]])], whole1d([4]))).toBeAllClose(0, { atol: 1e-6 });
  });

  it('names what is wrong', () => {
    const z = tf.ones([6, 2]) as tf.Tensor2D;
    expect(() => supCon(z, whole1d([1, 2]))).toThrow('supCon: labels must be int32 [3]');
    expect(() => supCon(z, tf.ones([3]))).toThrow(ShapeError);
    expect(() => supCon(tf.ones([1, 2]), whole1d([1]), { views: 1 })).toThrow('two or more rows');
    const own = whole1d([1, 2, 3]);
    expect(() => supCon(z, own, { baseTemperature: 0 })).toThrow(InvalidOptionError);
    expect(() => supCon(z, own, { temperature: Infinity })).toThrow(InvalidOptionError);
    expect(() => supCon(z, own, { contrastMode: 'two' as 'one' })).toThrow("contrastMode must be 'all' or 'one'");
    expect(() => supCon(z, own, { views: 0 })).toThrow(InvalidOptionError);
  });
});
