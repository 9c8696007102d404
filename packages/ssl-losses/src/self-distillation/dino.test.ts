import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile } from '@selfsup/ssl-tensor';
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
import { Center } from '../state/center.js';
import { dino } from './dino.js';

const softmax = (row: readonly number[]): number[] => {
  const terms = row.map((x) => Math.exp(x - Math.max(...row)));
  return terms.map((term) => term / sum(terms));
};
const logSoftmax = (row: readonly number[]): number[] => {
  const largest = Math.max(...row);
  const total = largest + Math.log(sum(row.map((x) => Math.exp(x - largest))));
  return row.map((x) => x - total);
};

interface NaiveOptions {
  readonly center?: readonly number[];
  readonly teacherTemperature?: number;
  readonly studentTemperature?: number;
}

/** Equations 2 to 4 by loops in float64: losses of the images. */
function naive(teacher: readonly Rows[], student: readonly Rows[], options: NaiveOptions = {}): number[] {
  const { center, teacherTemperature = 0.04, studentTemperature = 0.1 } = options;
  return teacher[0]!.map((_, image) => {
    const terms: number[] = [];
    teacher.forEach((t, i) =>
      student.forEach((s, j) => {
        if (i === j) return;
        const target = softmax(t[image]!.map((x, d) => (x - (center?.[d] ?? 0)) / teacherTemperature));
        const prediction = logSoftmax(s[image]!.map((x) => x / studentTemperature));
        terms.push(-sum(target.map((share, d) => share * prediction[d]!)));
      }),
    );
    return mean(terms);
  });
}

const views = (seed: number, count: number, batch: number, k: number): Rows[] =>
  Array.from({ length: count }, (_, view) => draw(seed + view, batch, k, 0.3));
const tensors = (rows: readonly Rows[]): tf.Tensor2D[] => rows.map((view) => tf.tensor2d(view));

/** TF.js refuses a gradient for what has none, such as the only view of a teacher: 0 of it is added. */
const withAll = (loss: tf.Scalar, inputs: readonly tf.Tensor[]): tf.Scalar =>
  tf.add(loss, tf.mul(tf.sum(tf.concat1d(inputs.map((x) => tf.reshape(x, [-1]) as tf.Tensor1D))), 0));

describe.each(['eager', 'compiled'] as const)('dino against lightly, %s', (mode) => {
  it.each(prototypes.dino.map(({ steps }, index) => [index, steps[0]!.options, steps[0]!.inputs.length] as const))(
    'case %i, %j, %i views: two steps',
    async (index, options) => {
      const { steps } = prototypes.dino[index]!;
      const state = new Center(steps[0]!.center.shape[0]!);
      for (const golden of steps) {
        const teacher = golden.teacher.map(array) as tf.Tensor2D[];
        await expectGolden(mode, golden, (...student) =>
          withAll(dino(teacher, student as tf.Tensor2D[], state, options), student),
        );
        expect(state.buffers.center).toBeAllClose(golden.center);
      }
      state.dispose();
    },
  );
});

describe('dino against loops', () => {
  it.each([
    [2, 4, 3, 5, {}],
    [1, 2, 4, 3, { teacherTemperature: 0.5, studentTemperature: 0.3 }],
    [3, 3, 2, 7, { teacherTemperature: 0.1 }],
  ])('%i and %i views of %i images, %i outputs, %j', async (teachers, students, batch, k, options) => {
    const [teacher, student] = [views(1, teachers, batch, k), views(50, students, batch, k)];
    const state = new Center(k);
    state.update(tf.tensor2d(draw(90, 4, k)), 0);
    const center = [...state.buffers.center.dataSync()];
    const still = { ...options, updateCenter: false };
    const expected = naive(teacher, student, { ...options, center });
    expect(dino(tensors(teacher), tensors(student), state, { ...still, reduction: 'none' })).toBeAllClose(expected);
    expect(dino(tensors(teacher), tensors(student), state, { ...still, reduction: 'sum' })).toBeAllClose(sum(expected));
    expect(state.buffers.center).toBeAllClose(center);
    const [, ...gradients] = await lossAndGradients(
      'eager',
      (...x) => withAll(dino(tensors(teacher), x, state, still), x),
      tensors(student),
    );
    gradients.forEach((gradient, view) => {
      const slope = finiteDifferences(
        (x) => mean(naive(teacher, student.with(view, x), { ...options, center })),
        student[view]!,
      );
      expect(gradient).toBeAllClose(slope, ofLargest(slope.flat(), 1e-5));
    });
    state.dispose();
  });

  it('balances the teacher over all its views with sinkhorn', () => {
    const [teacher, student] = [views(1, 2, 4, 3), views(50, 3, 4, 3)];
    let q = teacher.flat().map((row) => row.map((x) => Math.exp(x / 0.1)));
    for (let round = 0; round < 3; round++) {
      const columns = transposed(q).map(sum);
      q = q.map((row) => row.map((x, j) => x / columns[j]!)).map((row) => row.map((x) => x / sum(row)));
    }
    // Targets as the teacher's outputs at temperature 1.
    const logarithms = q.map((row) => row.map(Math.log));
    const expected = naive([logarithms.slice(0, 4), logarithms.slice(4)], student, { teacherTemperature: 1 });
    const got = dino(tensors(teacher), tensors(student), 'sinkhorn', { teacherTemperature: 0.1 });
    expect(got).toBeAllClose(mean(expected));
  });
});

describe('dino, compiled', () => {
  it('keeps its centre over the runs of one step, with the temperature of a schedule as a scalar', async () => {
    const [teacher, student] = [views(1, 2, 3, 4), views(50, 3, 3, 4)];
    const state = new Center(4);
    let traces = 0;
    const step = compile((temperature: tf.Tensor) => {
      traces++;
      return dino(tensors(teacher), tensors(student), state, { teacherTemperature: temperature as tf.Scalar });
    });
    let center = [0, 0, 0, 0];
    for (const temperature of [0.04, 0.05, 0.07]) {
      const expected = mean(naive(teacher, student, { center, teacherTemperature: temperature }));
      expect(await step(tf.scalar(temperature))).toBeAllClose(expected);
      const batch = transposed(teacher.flat()).map(mean);
      center = center.map((value, d) => 0.9 * value + 0.1 * batch[d]!);
      expect(state.buffers.center).toBeAllClose(center);
    }
    expect(traces).toBe(1);
    state.dispose();
  });
});

describe('dino invariances', () => {
  const check = (property: (teacher: Rows[], student: Rows[], random: RandomStream) => void): void =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 5 }), (seed, batch) =>
        property(views(seed, 2, batch, 4), views(seed + 9, 4, batch, 4), new RandomStream(randomKey(seed))),
      ),
      { seed: 3, numRuns: 20 },
    );
  const value = (teacher: Rows[], student: Rows[], centering: 'sinkhorn' | Center = new Center(4)): tf.Scalar =>
    dino(tensors(teacher), tensors(student), centering);
  const close = { rtol: 2e-5, atol: 1e-5 };

  it('swapping global views, or local ones, changes nothing', () =>
    check((teacher, [a, b, c, d]) => {
      const plain = value(teacher, [a!, b!, c!, d!]);
      expect(value(teacher.toReversed(), [b!, a!, d!, c!])).toBeAllClose(plain, close);
    }));

  it('permuting images or outputs changes nothing', () =>
    check((teacher, student, random) => {
      const [images, outputs] = [[...random.permutation(teacher[0]!.length)], [...random.permutation(4)]];
      const turned = (view: Rows): Rows => images.map((i) => outputs.map((j) => view[i]![j]!));
      for (const centering of [undefined, 'sinkhorn'] as const)
        expect(value(teacher.map(turned), student.map(turned), centering)).toBeAllClose(
          value(teacher, student, centering),
          close,
        );
    }));

  it('an offset of the outputs of an image changes nothing', () =>
    check((teacher, student) => {
      const moved = (view: Rows): Rows => view.map((row, i) => row.map((x) => x + i));
      expect(value(teacher.map(moved), student.map(moved))).toBeAllClose(value(teacher, student), {
        rtol: 1e-4,
        atol: 1e-4,
      });
    }));
});

describe('dino at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    for (const centering of [new Center(3), 'sinkhorn'] as const) {
      const options = { teacherTemperature: 0.01, studentTemperature: 0.01, updateCenter: false };
      const teacher = [tf.tensor2d(z), tf.tensor2d(z.toReversed())];
      const loss = await expectFinite((a, b) => dino(teacher, [a!, b!], centering, options), [z, z]);
      if (centering === 'sinkhorn') continue;
      const expected = mean(naive([z, z.toReversed()], [z, z], options));
      expect(loss).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 });
    }
  });

  it('one image and one output', () => {
    expect(dino([tf.tensor2d([[3]])], [tf.tensor2d([[1]]), tf.tensor2d([[2]])], new Center(1))).toBeAllClose(0);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3]) as tf.Tensor2D;
    const state = new Center(3);
    expect(() => dino([x], [x], state)).toThrow(ShapeError);
    expect(() => dino([], [x, x], state)).toThrow(ShapeError);
    expect(() => dino([x], [x, tf.zeros([2, 4])], state)).toThrow(
      'dino: student[1] must be float32 [2, 3], got float32 [2, 4]',
    );
    expect(() => dino([x], [x, x], new Center(4))).toThrow('center must be float32 [3], got float32 [4]');
    expect(() => dino([x], [x, x], 'mean' as 'sinkhorn')).toThrow(InvalidOptionError);
    expect(() => dino([x], [x, x], state, { teacherTemperature: tf.zeros([1]) as never })).toThrow(ShapeError);
    for (const options of [
      { teacherTemperature: 0 },
      { studentTemperature: -1 },
      { centerMomentum: 2 },
      { reduction: 'median' as 'mean' },
    ])
      expect(() => dino([x], [x, x], state, options)).toThrow(InvalidOptionError);
    expect(() => dino([x], [x, x], 'sinkhorn', { sinkhornIterations: 0 })).toThrow(InvalidOptionError);
    state.dispose();
  });
});
