import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { patchify } from './patchify.js';

it('cuts patches row by row, each in the order row, column, channel', async () => {
  const images = tf.reshape(tf.range(0, 2 * 4 * 6 * 2), [2, 4, 6, 2]) as tf.Tensor4D;
  const at = (n: number, y: number, x: number, c: number): number => ((n * 4 + y) * 6 + x) * 2 + c;
  const expected = [0, 1].map((n) =>
    [0, 1].flatMap((down) =>
      [0, 1, 2].map((across) =>
        [0, 1].flatMap((y) => [0, 1].flatMap((x) => [0, 1].map((c) => at(n, 2 * down + y, 2 * across + x, c)))),
      ),
    ),
  );
  expect(patchify(images, 2)).toBeAllClose(expected);
  expect(await compile((x: tf.Tensor4D) => patchify(x, 2))(images)).toBeAllClose(expected);
});

it('names what is wrong', () => {
  expect(() => patchify(tf.zeros([1, 4, 5, 3]), 2)).toThrow(
    'patchify: images must be [batch, height, width, channels] with sides that 2 divides, got [1, 4, 5, 3]',
  );
  expect(() => patchify(tf.zeros([4, 4, 3]) as never, 2)).toThrow(ShapeError);
  expect(() => patchify(tf.zeros([1, 4, 4, 3]), 0)).toThrow(InvalidOptionError);
});
