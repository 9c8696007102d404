import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { tico, TiCoState } from './tico.js';

/** The covariance that a step leaves, by loops in float64. */
const moved = (old: Rows, zA: Rows, beta: number): Rows => {
  const a = zA.map(unit);
  return old.map((row, i) =>
    row.map((value, j) => beta * value + (1 - beta) * mean(a.map((each) => each[i]! * each[j]!))),
  );
};

/** The loss by loops in float64, for a covariance that is already moved. */
const naive = (zA: Rows, zB: Rows, covariance: Rows, rho: number): number => {
  const [a, b] = [zA.map(unit), zB.map(unit)];
  const contrast = a.map((row) =>
    dot(
      row,
      covariance.map((other) => dot(other, row)),
    ),
  );
  return 1 - mean(a.map((row, i) => dot(row, b[i]!))) + rho * mean(contrast);
};

const zeros = (dim: number): Rows => Array.from({ length: dim }, () => Array.from({ length: dim }, () => 0));

describe.each(['eager', 'compiled'] as const)('tico against lightly, %s', (mode) => {
  it.each(redundancy.tico.map(({ steps }, index) => [index, steps[0]!.options] as const))(
    'case %i, %j: three steps',
    async (index, options) => {
      const { steps } = redundancy.tico[index]!;
      const state = new TiCoState(steps[0]!.inputs[0]!.shape[1]!);
      for (const golden of steps) {
        await expectGolden(mode, golden, (a, b) => tico(a as tf.Tensor2D, b as tf.Tensor2D, state, options));
        expect(state.buffers.covariance).toBeAllClose(array(golden.covariance));
      }
      state.dispose();
    },
  );
});

it('tico against loops: two steps, no gradient into the covariance', async () => {
  const state = new TiCoState(3);
  const [beta, rho] = [0.6, 5];
  let covariance = zeros(3);
  for (const seed of [1, 2]) {
    const [zA, zB] = [draw(seed, 4, 3), draw(seed + 10, 4, 3)];
    covariance = moved(covariance, zA, beta);
    const [loss, ...gradients] = await lossAndGradients('eager', (a, b) => tico(a!, b!, state, { beta, rho }), [
      tf.tensor2d(zA),
      tf.tensor2d(zB),
    ]);
    expect(loss!).toBeAllClose(naive(zA, zB, covariance, rho));
    const fixed = covariance;
    const close = { rtol: 1e-4, atol: 1e-5 } as const;
    expect(gradients[0]!).toBeAllClose(
      finiteDifferences((a) => naive(a, zB, fixed, rho), zA),
      close,
    );
    expect(gradients[1]!).toBeAllClose(
      finiteDifferences((b) => naive(zA, b, fixed, rho), zB),
      close,
    );
    expect(state.buffers.covariance).toBeAllClose(covariance);
  }
  state.dispose();
});

it('tico keeps its state over the runs of one compiled step, and looks without changing it', async () => {
  const [eager, compiled] = [new TiCoState(3), new TiCoState(3)];
  const step = compile((a: tf.Tensor2D, b: tf.Tensor2D) => tico(a, b, compiled));
  for (const seed of [1, 2, 3]) {
    const [a, b] = [tf.tensor2d(draw(seed, 4, 3)), tf.tensor2d(draw(seed + 10, 4, 3))];
    const seen = tico(a, b, eager, { updateCovariance: false });
    expect(await step(a, b)).toBeAllClose(seen);
    tico(a, b, eager);
    expect(compiled.buffers.covariance).toBeAllClose(eager.buffers.covariance);
  }
  eager.dispose();
  compiled.dispose();
});

it('tico: order of images, lengths of rows and a common rotation change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 7 }), (seed, batch) => {
      const [zA, zB] = [draw(seed, batch, 3), draw(seed + 1, batch, 3)];
      const random = new RandomStream(randomKey(seed + 2));
      const run = (a: Rows, b: Rows): number => {
        const state = new TiCoState(3);
        const loss = tico(tf.tensor2d(a), tf.tensor2d(b), state, { rho: 3 }).dataSync()[0]!;
        state.dispose();
        return loss;
      };
      const plain = run(zA, zB);
      const close = { rtol: 1e-5, atol: 1e-5 } as const;
      const order = [...random.permutation(batch)];
      expect(
        run(
          order.map((i) => zA[i]!),
          order.map((i) => zB[i]!),
        ),
      ).toBeAllClose(plain, close);
      expect(
        run(
          zA.map((row, i) => row.map((x) => x * (i + 0.5))),
          zB,
        ),
      ).toBeAllClose(plain, close);
      const [c, s] = [Math.cos(seed), Math.sin(seed)];
      const turned = (z: Rows): Rows => z.map(([x, y, w]) => [c * x! - s * y!, s * x! + c * y!, w!]);
      expect(run(turned(zA), turned(zB))).toBeAllClose(plain, close);
    }),
    { seed: 5, numRuns: 25 },
  ));

describe('tico at the edges', () => {
  it.each(extremes(4))('%s', async (name, z) => {
    const state = new TiCoState(3);
    const loss = await expectFinite((a, b) => tico(a!, b!, state, { updateCovariance: false }), [z, z]);
    const expected = name === 'zero rows' ? 1 : naive(z, z, moved(zeros(3), z, 0.9), 8);
    expect(loss).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-5 });
    state.dispose();
  });

  it('names what is wrong', () => {
    const state = new TiCoState(4);
    const x = tf.zeros([3, 4]) as tf.Tensor2D;
    expect(() => tico(tf.zeros([3, 5]), tf.zeros([3, 5]), state)).toThrow(
      'tico: zA must be float32 [batch, 4], got float32 [3, 5]',
    );
    expect(() => tico(x, tf.zeros([2, 4]), state)).toThrow('tico: zB must be float32 [3, 4], got float32 [2, 4]');
    expect(() => tico(tf.zeros([1, 4]), tf.zeros([1, 4]), state)).toThrow(ShapeError);
    for (const options of [{ beta: 1.5 }, { beta: -0.1 }, { rho: -1 }])
      expect(() => tico(x, x, state, options)).toThrow(InvalidOptionError);
    expect(() => new TiCoState(0)).toThrow('TiCoState: dim must be a positive integer, got 0');
    state.dispose();
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    const state = new TiCoState(3);
    tf.tidy(() => void tico(tf.tensor2d(draw(1, 4, 3)), tf.tensor2d(draw(2, 4, 3)), state));
    expect(tf.memory().numTensors).toBe(before + 1);
    state.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
