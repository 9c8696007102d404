import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
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
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { Center } from '../state/center.js';
import { ibotPlusPlus } from './ibot-plus-plus.js';
import { ibot } from './ibot.js';

const softmax = (row: readonly number[]): number[] => {
  const terms = row.map((x) => Math.exp(x - Math.max(...row)));
  return terms.map((term) => term / sum(terms));
};

/** Losses of the images by loops in float64; rows are the patches of image after image. */
function naive(teacher: Rows, student: Rows, mask: Rows | undefined, weight: number, batch: number): number[] {
  const n = teacher.length / batch;
  const entropies = teacher.map((row, i) => {
    const prediction = softmax(student[i]!.map((x) => x / 0.1));
    return -sum(softmax(row.map((x) => x / 0.04)).map((share, d) => share * Math.log(prediction[d]!)));
  });
  return Array.from({ length: batch }, (_, image) => {
    const own = entropies.slice(image * n, (image + 1) * n);
    if (mask === undefined) return mean(own);
    const part = (value: number): number[] => own.filter((_, patch) => mask[image]![patch] === value);
    return sum(part(1)) / Math.max(1, part(1).length) + (weight * sum(part(0))) / Math.max(1, part(0).length);
  });
}

const cube = (rows: Rows, batch: number): tf.Tensor3D =>
  tf.reshape(tf.tensor2d(rows), [batch, rows.length / batch, rows[0]!.length]);
const int = (mask: Rows): tf.Tensor2D => tf.tensor2d(mask, undefined, 'int32');
const mask = [
  [0, 1, 1],
  [0, 0, 0],
];

describe.each(['eager', 'compiled'] as const)('ibotPlusPlus against lightly, %s', (mode) => {
  it.each(prototypes.ibotPlusPlus.map(({ steps }, index) => [index, steps[0]!.options] as const))(
    'case %i, %j: two steps',
    async (index, options) => {
      const { steps } = prototypes.ibotPlusPlus[index]!;
      const state = new Center(steps[0]!.center.shape[0]!);
      for (const golden of steps) {
        const teacher = array(golden.teacher[0]!) as tf.Tensor3D;
        const masked = golden.mask === undefined ? {} : { mask: array(golden.mask) as tf.Tensor2D };
        const run = (x: tf.Tensor): tf.Scalar =>
          ibotPlusPlus(teacher, x as tf.Tensor3D, state, { ...options, ...masked, reduction: 'mean' });
        await expectGolden(mode, golden, run);
        expect(state.buffers.center).toBeAllClose(golden.center);
      }
      state.dispose();
    },
  );
});

describe('ibotPlusPlus against loops', () => {
  it.each([
    [undefined, 1],
    [mask, 1],
    [mask, 0.4],
  ])('mask %j, visible weight %d', async (masked, weight) => {
    const [teacher, student] = [draw(1, 6, 4, 0.2), draw(2, 6, 4, 0.2)];
    const options = { visibleLossWeight: weight, ...(masked === undefined ? {} : { mask: int(masked) }) };
    const expected = naive(teacher, student, masked, weight, 2);
    const run = <R extends 'mean' | 'sum' | 'none'>(x: tf.Tensor3D, reduction: R): tf.Tensor =>
      ibotPlusPlus(cube(teacher, 2), x, new Center(4), { ...options, reduction });
    expect(run(cube(student, 2), 'none')).toBeAllClose(expected);
    expect(run(cube(student, 2), 'sum')).toBeAllClose(sum(expected));
    const [, gradient] = await lossAndGradients('eager', (x) => run(tf.reshape(x!, [2, 3, 4]), 'mean') as tf.Scalar, [
      tf.tensor2d(student),
    ]);
    const slope = finiteDifferences((x) => mean(naive(teacher, x, masked, weight, 2)), student);
    expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), 1e-5));
  });

  it('without visible patches it is ibot, and order of images changes nothing', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [teacher, student] = [draw(seed, 6, 4, 0.2), draw(seed + 1, 6, 4, 0.2)];
        const rows = (x: Rows): tf.Tensor2D => tf.tensor2d([x[1]!, x[2]!]);
        const one = ibotPlusPlus(cube(teacher, 2), cube(student, 2), new Center(4), {
          mask: int(mask),
          visibleLossWeight: 0,
        });
        expect(one).toBeAllClose(ibot(rows(teacher), rows(student), int(mask), new Center(4)));
        const swap = (x: Rows): Rows => [...x.slice(3), ...x.slice(0, 3)];
        const both = (t: Rows, s: Rows, m: Rows): tf.Scalar =>
          ibotPlusPlus(cube(t, 2), cube(s, 2), 'sinkhorn', { mask: int(m) });
        expect(both(swap(teacher), swap(student), mask.toReversed())).toBeAllClose(both(teacher, student, mask), {
          rtol: 2e-5,
          atol: 1e-5,
        });
      }),
      { seed: 3, numRuns: 15 },
    ));
});

describe('ibotPlusPlus at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    const options = { teacherTemperature: 0.01, studentTemperature: 0.01, mask: int([[0, 1, 1, 1]]) };
    const state = new Center(3);
    await expectFinite(
      (x) => ibotPlusPlus(cube(z, 1), tf.expandDims(x!, 0) as tf.Tensor3D, state, options),
      [z.toReversed()],
    );
  });

  it('names what is wrong', () => {
    const [x, state] = [tf.zeros([2, 3, 4]) as tf.Tensor3D, new Center(4)];
    expect(() => ibotPlusPlus(x, tf.zeros([2, 4, 4]), state)).toThrow('student must be float32 [2, 3, 4]');
    expect(() => ibotPlusPlus(x, x, state, { mask: int([[1, 0]]) })).toThrow(ShapeError);
    for (const options of [{ visibleLossWeight: -1 }, { studentTemperature: 0 }, { reduction: 'median' as 'mean' }])
      expect(() => ibotPlusPlus(x, x, state, options)).toThrow(InvalidOptionError);
    state.dispose();
  });
});
