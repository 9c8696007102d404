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
import { capi, capiDefaults } from './capi.js';

type Options = typeof capiDefaults;

/** Losses of the images by loops in float64; rows are the tokens of image after image. */
function naive(teacher: Rows, student: Rows, batch: number, index: Rows | undefined, options: Options): number[] {
  const tokens = teacher.length / batch;
  const codes: Rows = [];
  for (let position = 0; position < tokens; position++) {
    const rows = Array.from({ length: batch }, (_, image) => image * tokens + position);
    let q = rows.map((row) => teacher[row]!.map((x) => Math.exp(x / options.teacherTemperature)));
    for (let round = 0; round < options.sinkhornIterations; round++) {
      const columns = transposed(q).map(sum);
      q = q.map((row) => row.map((x, j) => x / columns[j]!)).map((row) => row.map((x) => x / sum(row)));
    }
    rows.forEach((row, image) => (codes[row] = q[image]!));
  }
  const predicted = student.length / batch;
  const losses = student.map((row, i) => {
    const [image, at] = [Math.floor(i / predicted), i % predicted];
    const terms = row.map((x) => Math.exp(x / options.studentTemperature));
    const code = codes[image * tokens + (index?.[image]![at] ?? at)]!;
    return -sum(terms.map((term, j) => code[j]! * Math.log(term / sum(terms))));
  });
  return Array.from({ length: batch }, (_, image) => mean(losses.slice(image * predicted, (image + 1) * predicted)));
}

const cube = (rows: Rows, batch: number): tf.Tensor3D =>
  tf.reshape(tf.tensor2d(rows), [batch, rows.length / batch, rows[0]!.length]);
const int = (index: Rows): tf.Tensor2D => tf.tensor2d(index, undefined, 'int32');

describe.each(['eager', 'compiled'] as const)('capi against lightly, %s', (mode) => {
  it.each(prototypes.capi.map(({ options, inputs }, index) => [index, options, inputs[0]!.shape] as const))(
    'case %i, %j, %j',
    async (index, options) => {
      const golden = prototypes.capi[index]!;
      const teacher = array(golden.teacher[0]!) as tf.Tensor3D;
      const chosen = golden.index;
      const all =
        chosen === undefined
          ? options
          : { ...options, teacherIndex: tf.tensor2d(chosen.data, chosen.shape as [number, number], 'int32') };
      await expectGolden(mode, golden, (x) => capi(teacher, x as tf.Tensor3D, all), 2e-5);
    },
  );
});

it.each([
  [3, 4, undefined, {}],
  [
    2,
    3,
    [
      [2, 0],
      [1, 1],
    ],
    { teacherTemperature: 0.3, studentTemperature: 0.2, sinkhornIterations: 5 },
  ],
])('capi against loops: %i images of %i tokens, predicted %j, %j', async (batch, tokens, index, given) => {
  const options = { ...capiDefaults, ...given } as Options;
  const [teacher, student] = [draw(1, batch * tokens, 5, 0.2), draw(2, batch * (index?.[0]!.length ?? tokens), 5, 0.2)];
  const expected = naive(teacher, student, batch, index, options);
  const chosen = index === undefined ? {} : { teacherIndex: int(index) };
  const run = <R extends 'mean' | 'sum' | 'none'>(x: tf.Tensor3D, reduction: R): tf.Tensor =>
    capi(cube(teacher, batch), x, { ...given, ...chosen, reduction });
  expect(run(cube(student, batch), 'none')).toBeAllClose(expected, { rtol: 2e-5 });
  expect(run(cube(student, batch), 'sum')).toBeAllClose(sum(expected), { rtol: 2e-5 });
  const [, gradient] = await lossAndGradients(
    'eager',
    (x) => run(tf.reshape(x!, [batch, -1, 5]), 'mean') as tf.Scalar,
    [tf.tensor2d(student)],
  );
  const slope = finiteDifferences((x) => mean(naive(teacher, x, batch, index, options)), student);
  expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), 2e-5));
});

it('capi: order of images, of positions and of clusters changes nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 5 }), (seed, batch) => {
      const [teacher, student] = [draw(seed, batch * 3, 4, 0.2), draw(seed + 1, batch * 3, 4, 0.2)];
      const random = new RandomStream(randomKey(seed));
      const [images, positions, clusters] = [batch, 3, 4].map((n) => [...random.permutation(n)]) as Rows;
      const turned = (x: Rows): Rows =>
        images!.flatMap((i) => positions!.map((p) => clusters!.map((c) => x[3 * i + p]![c]!)));
      expect(capi(cube(turned(teacher), batch), cube(turned(student), batch))).toBeAllClose(
        capi(cube(teacher, batch), cube(student, batch)),
        { rtol: 1e-4, atol: 1e-5 },
      );
    }),
    { seed: 3, numRuns: 20 },
  ));

describe('capi at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    const options = { teacherTemperature: 0.01, studentTemperature: 0.01 };
    await expectFinite((x) => capi(cube(z, 2), tf.reshape(x!, [2, 2, 3]), options), [z.toReversed()]);
  });

  it('one image is spread evenly over the clusters', () => {
    expect(capi(cube(draw(1, 2, 4), 1), tf.ones([1, 2, 4]))).toBeAllClose(Math.log(4));
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3, 4]) as tf.Tensor3D;
    expect(() => capi(x, tf.zeros([2, 2, 4]))).toThrow('capi: student must be float32 [2, 3, 4]');
    expect(() => capi(x, tf.zeros([2, 2, 4]), { teacherIndex: int([[0, 1, 2]]) })).toThrow(ShapeError);
    for (const options of [
      { teacherTemperature: 0 },
      { studentTemperature: NaN },
      { sinkhornIterations: 0 },
      { reduction: 'median' as 'mean' },
    ])
      expect(() => capi(x, x, options)).toThrow(InvalidOptionError);
  });
});
