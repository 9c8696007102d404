import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import { prototypes } from '../../../../test/golden/losses/prototypes.js';
import {
  array,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  ofLargest,
  sum,
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { swav, swavDefaults } from './swav.js';

type Options = NonNullable<Parameters<typeof swav>[2]>;

const logSoftmax = (row: readonly number[]): number[] => {
  const largest = Math.max(...row);
  const total = largest + Math.log(sum(row.map((x) => Math.exp(x - largest))));
  return row.map((x) => x - total);
};

/** The codes of the first crops, by loops in float64. */
function codesOf(high: readonly Rows[], queue: readonly Rows[], epsilon: number, iterations: number): Rows[] {
  return high.map((crop, i) => {
    let q = [...crop, ...(queue[i] ?? [])].map((row) => row.map((score) => Math.exp(score / epsilon)));
    for (let round = 0; round < iterations; round++) {
      const columns = transposed(q).map(sum);
      q = q.map((row) => row.map((x, j) => x / columns[j]!)).map((row) => row.map((x) => x / sum(row)));
    }
    return q.slice(0, crop.length);
  });
}

/** Equations 1, 2 and 6 by loops in float64: losses of the images. */
const swapped = (codes: readonly Rows[], crops: readonly Rows[], temperature: number): number[] =>
  crops[0]!.map((_, image) => {
    const terms: number[] = [];
    codes.forEach((code, i) =>
      crops.forEach((crop, v) => {
        if (v === i) return;
        const prediction = logSoftmax(crop[image]!.map((score) => score / temperature));
        terms.push(-sum(prediction.map((x, j) => x * code[image]![j]!)));
      }),
    );
    return mean(terms);
  });

const scores = (seed: number, count: number, batch: number, k: number): Rows[] =>
  Array.from({ length: count }, (_, crop) => draw(seed + crop, batch, k, 0.4));
const tensors = (rows: readonly Rows[]): tf.Tensor2D[] => rows.map((crop) => tf.tensor2d(crop));

/** TF.js refuses a gradient for what has none, such as the only crop with a code: 0 of it is added. */
const withAll = (loss: tf.Scalar, inputs: readonly tf.Tensor[]): tf.Scalar =>
  tf.add(loss, tf.mul(tf.sum(tf.concat1d(inputs.map((x) => tf.reshape(x, [-1]) as tf.Tensor1D))), 0));

describe.each(['eager', 'compiled'] as const)('swav against lightly, %s', (mode) => {
  it.each(prototypes.swav.map(({ options, high, inputs }, index) => [index, options, high, inputs.length] as const))(
    'case %i, %j, %i of %i crops',
    async (index, options, high) => {
      const golden = prototypes.swav[index]!;
      const queue = golden.queue.map(array) as tf.Tensor2D[];
      const all: Options = queue.length === 0 ? options : { ...options, queue };
      await expectGolden(
        mode,
        golden,
        (...crops) =>
          withAll(
            swav(crops.slice(0, high) as tf.Tensor2D[], crops.slice(high) as tf.Tensor2D[], all) as tf.Scalar,
            crops,
          ),
        2e-5,
      );
    },
  );
});

describe('swav against loops', () => {
  it.each([
    [2, 0, 3, 4, 0, {}],
    [2, 2, 2, 5, 0, { temperature: 0.3, sinkhornEpsilon: 0.2, sinkhornIterations: 1 }],
    [3, 1, 4, 3, 6, { sinkhornEpsilon: 0.1 }],
  ])('%i and %i crops of %i images, %i prototypes, queue of %i, %j', async (high, low, batch, k, queued, options) => {
    const { temperature, sinkhornEpsilon, sinkhornIterations } = { ...swavDefaults, ...options };
    const crops = scores(1, high + low, batch, k);
    const queue = queued === 0 ? [] : scores(70, high, queued, k);
    const codes = codesOf(crops.slice(0, high), queue, sinkhornEpsilon, sinkhornIterations);
    const all: Options = queued === 0 ? options : { ...options, queue: tensors(queue) };
    const expected = swapped(codes, crops, temperature);
    const run = <R extends 'mean' | 'sum' | 'none'>(x: tf.Tensor2D[], reduction: R): tf.Tensor =>
      swav(x.slice(0, high), x.slice(high), { ...all, reduction });
    expect(run(tensors(crops), 'none')).toBeAllClose(expected, { rtol: 2e-5 });
    expect(run(tensors(crops), 'sum')).toBeAllClose(sum(expected), { rtol: 2e-5 });
    const [, ...gradients] = await lossAndGradients('eager', (...x) => run(x, 'mean') as tf.Scalar, tensors(crops));
    // Codes are constants of the gradient.
    gradients.forEach((gradient, v) => {
      const slope = finiteDifferences((x) => mean(swapped(codes, crops.with(v, x), temperature)), crops[v]!);
      expect(gradient).toBeAllClose(slope, ofLargest(slope.flat(), 2e-5));
    });
  });
});

it('swav: order of crops, of images and of prototypes changes nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, batch) => {
      const [a, b, c, d] = scores(seed, 4, batch, 5) as [Rows, Rows, Rows, Rows];
      const run = (high: Rows[], low: Rows[]): tf.Scalar => swav(tensors(high), tensors(low));
      const plain = run([a, b], [c, d]);
      const close = { rtol: 1e-4, atol: 1e-5 };
      expect(run([b, a], [d, c])).toBeAllClose(plain, close);
      const random = new RandomStream(randomKey(seed));
      const [images, columns] = [[...random.permutation(batch)], [...random.permutation(5)]];
      const turned = (crop: Rows): Rows => images.map((i) => columns.map((j) => crop[i]![j]!));
      expect(run([turned(a), turned(b)], [turned(c), turned(d)])).toBeAllClose(plain, close);
    }),
    { seed: 3, numRuns: 20 },
  ));

describe('swav at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    await expectFinite((a, b) => swav([a!, b!], [], { temperature: 0.01, sinkhornEpsilon: 0.01 }), [z, z.toReversed()]);
  });

  it('equal scores cost log k, one prototype costs nothing', () => {
    const same = tf.ones([3, 4]) as tf.Tensor2D;
    expect(swav([same, same])).toBeAllClose(Math.log(4));
    expect(swav([tf.ones([3, 1]), tf.zeros([3, 1])])).toBeAllClose(0);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3]) as tf.Tensor2D;
    expect(() => swav([x])).toThrow(ShapeError);
    expect(() => swav([], [x, x])).toThrow(ShapeError);
    expect(() => swav([x], [tf.zeros([2, 4])])).toThrow('swav: lowResolution[0] must be float32 [2, 3]');
    expect(() => swav([x, x], [], { queue: [x] })).toThrow('queue must be 2 tensors, one per crop, got 1');
    expect(() => swav([x, x], [], { queue: [x, tf.zeros([4, 2])] })).toThrow(
      'queue[1] must be float32 [queue, 3], got float32 [4, 2]',
    );
    for (const options of [
      { temperature: 0 },
      { sinkhornEpsilon: -1 },
      { sinkhornIterations: 0 },
      { reduction: 'median' as 'mean' },
    ])
      expect(() => swav([x, x], [], options)).toThrow(InvalidOptionError);
  });
});
