import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  array,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  redundancy,
} from '../../../../test/golden/losses/redundancy.js';
import { randomDirections } from './random-directions.js';
import { sigReg } from './sig-reg.js';

const key = (low: number): tf.Tensor1D => tf.tensor1d([7, low], 'int32');

describe.each(['eager', 'compiled'] as const)('sigReg against lightly, %s', (mode) => {
  it.each(redundancy.sigReg.map(({ options, inputs }, index) => [index, inputs[0]!.shape, options] as const))(
    'case %i, %j, %j',
    async (index, _shape, options) => {
      const golden = redundancy.sigReg[index]!;
      const directions = array(golden.directions) as tf.Tensor2D;
      await expectGolden(mode, golden, (z) => sigReg(z!, directions, options));
    },
  );
});

describe('sigReg', () => {
  it('draws the directions of its key, which may be an input of a compiled step', async () => {
    const z = tf.tensor2d(draw(1, 6, 4));
    const expected = sigReg(z, randomDirections(key(3), 4, 8));
    expect(sigReg(z, key(3), { numVectors: 8 })).toBeAllClose(expected);
    const step = compile((x: tf.Tensor2D, k: tf.Tensor1D) => sigReg(x, k, { numVectors: 8 }));
    expect(await step(z, key(3))).toBeAllClose(expected, { rtol: 1e-5 });
    expect(sigReg(z, key(4), { numVectors: 8 })).not.toBeAllClose(expected, { rtol: 1e-3 });
  });

  it('with many directions, a rotation of the features hardly matters', () => {
    const z = draw(2, 8, 3);
    const turned = z.map(([a, b, c]) => [0.6 * a! - 0.8 * b!, 0.8 * a! + 0.6 * b!, c!]);
    const many = { numVectors: 8192 };
    expect(sigReg(tf.tensor2d(turned), key(1), many)).toBeAllClose(sigReg(tf.tensor2d(z), key(2), many), {
      rtol: 0.03,
    });
  });

  it('order of images and a rotation together with the directions change nothing', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 8 }), (seed, batch) => {
        const z = draw(seed, batch, 3);
        const directions = randomDirections(key(seed), 3, 5);
        const plain = sigReg(tf.tensor2d(z), directions);
        const order = [...new RandomStream(randomKey(seed)).permutation(batch)];
        expect(sigReg(tf.tensor2d(order.map((i) => z[i]!)), directions)).toBeAllClose(plain, {
          rtol: 1e-5,
          atol: 1e-5,
        });
        const [c, s] = [Math.cos(seed), Math.sin(seed)];
        const turn = tf.tensor2d([
          [c, s, 0],
          [-s, c, 0],
          [0, 0, 1],
        ]);
        const turned = sigReg(tf.matMul(tf.tensor2d(z), turn), tf.matMul(turn, directions, true));
        expect(turned).toBeAllClose(plain, { rtol: 1e-5, atol: 1e-5 });
      }),
      { seed: 7, numRuns: 20 },
    ));

  it.each(extremes(4))('%s stay finite', async (name, z) => {
    const loss = await expectFinite((x) => sigReg(x!, key(1), { numVectors: 16 }), [z]);
    // All samples at 0: n times the integral of (1 - w)^2 w, w = exp(-t^2 / 2), over [-3, 3].
    expect(name === 'zero rows' ? 4 * 0.4022 : loss).toBeCloseTo(loss, 2);
  });

  it('names what is wrong', () => {
    const z = tf.zeros([3, 4]);
    expect(() => sigReg(tf.zeros([3]), key(1))).toThrow(ShapeError);
    expect(() => sigReg(z, tf.zeros<tf.Rank.R2>([5, 2]))).toThrow(
      'sigReg: directions must be float32 [4, count], got float32 [5, 2]',
    );
    expect(() => sigReg(z, tf.zeros<tf.Rank.R1>([2]))).toThrow('key must be int32 [2], got float32 [2]');
    expect(() => sigReg(z, key(1), { numVectors: 0 })).toThrow(InvalidOptionError);
  });
});
