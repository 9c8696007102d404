import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile, keyArray, randomUniform } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { dense } from '../../../../test/golden/losses/dense.js';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
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
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { patchKernelAlignment } from './patch-kernel-alignment.js';

/** `1 - CKA` of one image by centring whole kernels in float64. */
function naive(student: Rows, teacher: Rows): number {
  const centred = (z: Rows): Rows => {
    const kernel = z.map((a) => z.map((b) => dot(a, b)));
    const means = kernel.map(mean);
    return kernel.map((row, i) => row.map((value, j) => value - means[i]! - means[j]! + mean(means)));
  };
  const product = (a: Rows, b: Rows): number => sum(a.map((row, i) => dot(row, b[i]!)));
  const [s, t] = [centred(student), centred(teacher)];
  return 1 - product(s, t) / Math.sqrt(product(s, s) * product(t, t));
}

const cube = (rows: Rows, batch: number): tf.Tensor3D =>
  tf.reshape(tf.tensor2d(rows), [batch, rows.length / batch, rows[0]!.length]);
const key = (seed: number): tf.Tensor1D => {
  const { data } = keyArray(randomKey(seed));
  return tf.tensor1d(data, 'int32');
};

describe.each(['eager', 'compiled'] as const)('patchKernelAlignment against lightly, %s', (mode) => {
  it.each(dense.patchKernelAlignment.map(({ inputs, mask }, index) => [index, inputs[0]!.shape, mask?.data] as const))(
    'case %i, %j, mask %j',
    async (index) => {
      const golden = dense.patchKernelAlignment[index]!;
      const teacher = array(golden.teacher) as tf.Tensor3D;
      const options = golden.mask === undefined ? {} : { mask: array(golden.mask) as tf.Tensor2D };
      await expectGolden(mode, golden, (x) => patchKernelAlignment(x as tf.Tensor3D, teacher, options), 5e-5);
    },
  );
});

// Few tokens of many features, and many of few: the two ways to take products of kernels.
it.each([
  [5, 12, 9],
  [20, 3, 2],
])('patchKernelAlignment against loops: %i tokens of %i and %i features', async (n, dim, teacherDim) => {
  const [student, teacher] = [draw(1, 2 * n, dim), draw(2, 2 * n, teacherDim)];
  const whole = (x: Rows): number =>
    mean([naive(x.slice(0, n), teacher.slice(0, n)), naive(x.slice(n), teacher.slice(n))]);
  const [loss, gradient] = await lossAndGradients(
    'eager',
    (x) => patchKernelAlignment(tf.reshape(x!, [2, n, dim]), cube(teacher, 2)),
    [tf.tensor2d(student)],
  );
  expect(loss!).toBeAllClose(whole(student), { rtol: 2e-5 });
  const slope = finiteDifferences(whole, student);
  expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), 2e-5));
});

describe('patchKernelAlignment of some tokens', () => {
  const [student, teacher] = [draw(3, 12, 4), draw(4, 12, 4)];

  it('leaves out masked tokens, and images with fewer than two others', () => {
    const mask = tf.tensor2d([0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1], [2, 6], 'int32');
    const kept = [0, 2, 4, 5];
    const expected = naive(
      kept.map((i) => student[i]!),
      kept.map((i) => teacher[i]!),
    );
    expect(patchKernelAlignment(cube(student, 2), cube(teacher, 2), { mask })).toBeAllClose(expected);
    expect(patchKernelAlignment(cube(student, 2), cube(teacher, 2), { mask: tf.ones([2, 6], 'int32') })).toBeAllClose(
      0,
    );
  });

  it.each(['eager', 'compiled'] as const)('draws by its key, masked tokens last, %s', async (mode) => {
    const mask = tf.tensor2d([0, 1, 0, 0, 0, 0], [1, 6], 'int32');
    const run = (k: tf.Tensor): tf.Tensor =>
      patchKernelAlignment(cube(student.slice(0, 6), 1), cube(teacher.slice(0, 6), 1), {
        mask,
        maxTokens: 3,
        key: k as tf.Tensor1D,
      });
    for (const seed of [1, 2, 3]) {
      const scores = [...randomUniform(key(seed), [1, 6]).dataSync()].map((score, i) => (i === 1 ? score - 1 : score));
      const drawn = scores.map((score, i) => [score, i] as const).sort((a, b) => b[0] - a[0]);
      const kept = drawn.slice(0, 3).map(([, i]) => i);
      const got = mode === 'compiled' ? await compile(run)(key(seed)) : run(key(seed));
      expect(got).toBeAllClose(
        naive(
          kept.map((i) => student[i]!),
          kept.map((i) => teacher[i]!),
        ),
        { rtol: 2e-5 },
      );
    }
  });
});

it('patchKernelAlignment: turned, moved and scaled features, and order of tokens change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.1, max: 50, noNaN: true }), (seed, scale) => {
      const [student, teacher] = [draw(seed, 6, 3), draw(seed + 1, 6, 3)];
      const plain = patchKernelAlignment(cube(student, 1), cube(teacher, 1));
      const changed = student.map(([a, b, c]) => [0.6 * a! - 0.8 * b! + 2, 0.8 * a! + 0.6 * b!, c! - 1]);
      const close = { rtol: 1e-4, atol: 1e-5 };
      expect(
        patchKernelAlignment(
          cube(
            changed.map((row) => row.map((x) => x * scale)),
            1,
          ),
          cube(teacher, 1),
        ),
      ).toBeAllClose(plain, close);
      expect(patchKernelAlignment(cube(student.toReversed(), 1), cube(teacher.toReversed(), 1))).toBeAllClose(
        plain,
        close,
      );
      expect(patchKernelAlignment(cube(student, 1), cube(changed, 1))).toBeAllClose(naive(student, student), {
        atol: 1e-5,
      });
    }),
    { seed: 3, numRuns: 20 },
  ));

describe('patchKernelAlignment at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    const loss = await expectFinite(
      (x) => patchKernelAlignment(tf.expandDims(x!, 0) as tf.Tensor3D, cube(z, 1)),
      [z.toReversed()],
    );
    // Below the floor, as for equal tokens, there is no structure to agree on.
    const structured = name === 'magnitudes of 6e4' || name === 'one live column';
    expect(loss).toBeAllClose(structured ? naive(z.toReversed(), z) : 1, { rtol: 1e-4 });
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3, 4]) as tf.Tensor3D;
    expect(() => patchKernelAlignment(x, tf.zeros([2, 4, 4]))).toThrow(
      'patchKernelAlignment: teacher must be float32 [2, 3, teacherDim], got float32 [2, 4, 4]',
    );
    expect(() => patchKernelAlignment(x, x, { mask: tf.zeros([2, 4], 'int32') })).toThrow(ShapeError);
    expect(() => patchKernelAlignment(x, x, { maxTokens: 2 })).toThrow('key must be a key for the draw');
    for (const options of [{ maxTokens: 1 }, { eps: 0 }])
      expect(() => patchKernelAlignment(x, x, options)).toThrow(InvalidOptionError);
  });
});
