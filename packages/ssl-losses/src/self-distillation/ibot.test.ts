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
  ofLargest,
  sum,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { Center } from '../state/center.js';
import { ibot } from './ibot.js';

const softmax = (row: readonly number[]): number[] => {
  const terms = row.map((x) => Math.exp(x - Math.max(...row)));
  return terms.map((term) => term / sum(terms));
};

/** Equation 2 by loops in float64, image after image. */
function naive(teacher: Rows, student: Rows, mask: Rows, center: readonly number[], [t, s] = [0.04, 0.1]): number {
  let [loss, row] = [0, 0];
  for (const image of mask)
    for (const masked of image) {
      if (masked === 0) continue;
      const target = softmax(teacher[row]!.map((x, d) => (x - center[d]!) / t));
      const largest = Math.max(...student[row]!);
      const total = largest / s + Math.log(sum(student[row]!.map((x) => Math.exp((x - largest) / s))));
      loss += sum(target.map((share, d) => share * (total - student[row]![d]! / s))) / sum(image) / mask.length;
      row++;
    }
  return loss;
}

const int = (mask: Rows): tf.Tensor => tf.tensor2d(mask, undefined, 'int32');

describe.each(['eager', 'compiled'] as const)('ibot against lightly, %s', (mode) => {
  it.each(prototypes.ibot.map(({ steps }, index) => [index, steps[0]!.options, steps[0]!.mask.shape] as const))(
    'case %i, %j, mask of %j: two steps',
    async (index, options) => {
      const { steps } = prototypes.ibot[index]!;
      const state = new Center(steps[0]!.center.shape[0]!);
      for (const golden of steps) {
        const teacher = array(golden.teacher[0]!) as tf.Tensor2D;
        const mask = tf.tensor(golden.mask.data, golden.mask.shape, 'bool');
        await expectGolden(mode, golden, (x) => ibot(teacher, x as tf.Tensor2D, mask, state, options));
        expect(state.buffers.center).toBeAllClose(golden.center);
      }
      state.dispose();
    },
  );
});

describe('ibot against loops', () => {
  const mask = [
    [0, 1, 0, 1, 1],
    [0, 0, 0, 0, 0],
    [1, 0, 0, 0, 0],
  ];

  it('value and gradient, with an image without masked patches', async () => {
    const [teacher, student] = [draw(1, 4, 6, 0.3), draw(2, 4, 6, 0.3)];
    const state = new Center(6);
    state.update(tf.tensor2d(draw(3, 4, 6)), 0);
    const center = [...state.buffers.center.dataSync()];
    const options = { teacherTemperature: 0.2, studentTemperature: 0.3, updateCenter: false };
    const run = (x: tf.Tensor2D): tf.Scalar => ibot(tf.tensor2d(teacher), x, int(mask), state, options);
    const [loss, gradient] = await lossAndGradients('eager', (x) => run(x!), [tf.tensor2d(student)]);
    expect(loss!).toBeAllClose(naive(teacher, student, mask, center, [0.2, 0.3]));
    const slope = finiteDifferences((x) => naive(teacher, x, mask, center, [0.2, 0.3]), student);
    expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), 1e-5));
    expect(state.buffers.center).toBeAllClose(center);
    state.dispose();
  });

  it('the order of patches within an image changes nothing', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [teacher, student] = [draw(seed, 4, 3, 0.3), draw(seed + 1, 4, 3, 0.3)];
        const [a, b, c] = new RandomStream(randomKey(seed)).permutation(3) as unknown as [number, number, number];
        const turned = (rows: Rows): Rows => [rows[a]!, rows[b]!, rows[c]!, rows[3]!];
        for (const centering of [new Center(3), 'sinkhorn'] as const) {
          const run = (t: Rows, s: Rows): tf.Scalar =>
            ibot(tf.tensor2d(t), tf.tensor2d(s), int(mask), centering, { updateCenter: false });
          expect(run(turned(teacher), turned(student))).toBeAllClose(run(teacher, student), { rtol: 2e-5, atol: 1e-5 });
        }
      }),
      { seed: 3, numRuns: 20 },
    ));
});

describe('ibot at the edges', () => {
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    const options = { teacherTemperature: 0.01, studentTemperature: 0.01, updateCenter: false };
    const mask = [[1, 1, 1, 1]];
    const state = new Center(3);
    const loss = await expectFinite((x) => ibot(tf.tensor2d(z.toReversed()), x!, int(mask), state, options), [z]);
    expect(loss).toBeAllClose(naive(z.toReversed(), z, mask, [0, 0, 0], [0.01, 0.01]), { rtol: 1e-4, atol: 1e-5 });
  });

  it('names what is wrong', () => {
    const [x, mask, state] = [tf.zeros([2, 3]) as tf.Tensor2D, int([[1, 1, 0]]), new Center(3)];
    expect(() => ibot(x, tf.zeros([3, 3]), mask, state)).toThrow('ibot: student must be float32 [2, 3]');
    expect(() => ibot(tf.zeros([4, 3]), tf.zeros([4, 3]), mask, state)).toThrow('1 to 3 masked patches, got 4');
    expect(() => ibot(x, x, tf.zeros([3], 'int32'), state)).toThrow(ShapeError);
    expect(() => ibot(x, x, mask, new Center(2))).toThrow(ShapeError);
    for (const options of [{ teacherTemperature: 0 }, { studentTemperature: NaN }, { centerMomentum: -1 }])
      expect(() => ibot(x, x, mask, state, options)).toThrow(InvalidOptionError);
    state.dispose();
  });
});
