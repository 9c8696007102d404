import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { agrees, exactly, describeAgreement, floats, ints } from '../../../../test/support/lowering-conformance.js';
import { ShapeError } from '@selfsup/ssl-core';
import { takeRows } from './take-rows.js';

it('picks rows, and its gradient adds up where rows come twice', () => {
  const x = tf.tensor2d([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const indices = tf.tensor2d(
    [
      [2, 0],
      [2, 2],
    ],
    [2, 2],
    'int32',
  );
  expect(takeRows(x, indices)).toBeAllClose([
    [
      [5, 6],
      [1, 2],
    ],
    [
      [5, 6],
      [5, 6],
    ],
  ]);
  expect(tf.grad((y) => tf.sum(takeRows(y as tf.Tensor2D, indices)))(x)).toBeAllClose([
    [1, 1],
    [0, 0],
    [3, 3],
  ]);
});

describeAgreement([
  agrees('takeRows', [floats([5, 3]), ints([4], 0, 5)], takeRows),
  agrees('takeRows by a matrix', [floats([5, 3]), ints([2, 6], 0, 5)], takeRows),
  agrees('takeRows of one row', [floats([3, 2]), exactly([1, 1, 1], [3], 'int32')], takeRows),
]);

it('wants a matrix', () => {
  expect(() => takeRows(tf.zeros([4]) as never, tf.zeros([1], 'int32'))).toThrow(ShapeError);
});
