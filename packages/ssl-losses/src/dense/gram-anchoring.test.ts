import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { dot, draw, unit } from '../../../../test/golden/losses/redundancy.js';
import { gramAnchoring } from './gram-anchoring.js';

const [student, teacher] = [draw(1, 8, 3), draw(2, 8, 5)];
/** Image by image, pair by pair, in float64. */
const expected = [0, 1].map((image) => {
  const own = (rows: number[][]): number[][] => rows.slice(4 * image, 4 * image + 4).map(unit);
  const [s, t] = [own(student), own(teacher)];
  let sum = 0;
  for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) sum += (dot(s[i]!, s[j]!) - dot(t[i]!, t[j]!)) ** 2;
  return sum / 16;
});
const tensors = (): [tf.Tensor3D, tf.Tensor3D] => [
  tf.reshape(tf.tensor2d(student), [2, 4, 3]),
  tf.reshape(tf.tensor2d(teacher), [2, 4, 5]),
];

it.each(['eager', 'compiled'] as const)('gramAnchoring equals a naive one in float64, %s', async (mode) => {
  const [s, t] = tensors();
  const none = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    gramAnchoring(a as tf.Tensor3D, b as tf.Tensor3D, { reduction: 'none' });
  expect(mode === 'compiled' ? await compile(none)(s, t) : none(s, t)).toBeAllClose(expected);
  expect(gramAnchoring(s, t)).toBeAllClose((expected[0]! + expected[1]!) / 2);
  expect(gramAnchoring(s, t, { reduction: 'sum' })).toBeAllClose(expected[0]! + expected[1]!);
});

it('gramAnchoring lets features turn and grow, and no gradient into the teacher', () => {
  const [s, t] = tensors();
  const turned = tf.mul(
    tf.matMul(
      tf.reshape(s, [8, 3]),
      tf.tensor2d([
        [0, -1, 0],
        [1, 0, 0],
        [0, 0, 1],
      ]),
    ),
    7,
  );
  expect(gramAnchoring(tf.reshape(turned, [2, 4, 3]), s)).toBeAllClose(0, { atol: 1e-6 });
  const [ds, dt] = tf.grads((a, b) => gramAnchoring(a as tf.Tensor3D, b as tf.Tensor3D))([s, t]);
  expect(tf.max(tf.abs(ds!)).dataSync()[0]).toBeGreaterThan(1e-3);
  expect(tf.max(tf.abs(dt!)).dataSync()[0]).toBe(0);
});

it('gramAnchoring refuses what does not fit', () => {
  const [s, t] = tensors();
  expect(() => gramAnchoring(s, tf.zeros([2, 3, 5]))).toThrow(ShapeError);
  expect(() => gramAnchoring(s, t, { reduction: 'all' as never })).toThrow(InvalidOptionError);
});
