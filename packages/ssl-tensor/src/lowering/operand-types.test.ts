import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';

type Op = (x: tf.Tensor) => tf.Tensor;

const truths = tf.tensor2d([1, 0, 1, 1], [2, 2], 'bool');
const numbers = tf.tensor2d([3, -7, 2, 5], [2, 2], 'int32');
const image = (x: tf.Tensor): tf.Tensor4D => tf.reshape(x, [1, 2, 2, 1]);

const cases: readonly (readonly [string, Op, readonly tf.Tensor[]])[] = [
  ['int32', (x) => tf.add(x, x), [truths]],
  ['int32', (x) => tf.sub(x, x), [truths]],
  ['int32', (x) => tf.addN([x, x]), [truths]],
  ['int32', (x) => tf.matMul(x, x), [truths]],
  ['int32', (x) => tf.neg(x), [truths]],
  ['int32', (x) => tf.square(x), [truths]],
  ['int32', (x) => tf.scatterND(tf.tensor2d([[1], [0]], [2, 1], 'int32'), x, [3, 2]), [truths]],
  ['float32', (x) => tf.maxPool(image(x), 2, 1, 'valid'), [truths, numbers]],
  ['float32', (x) => tf.atan2(x, x), [truths, numbers]],
  ['float32', (x) => tf.prelu(x, x), [truths, numbers]],
  ['float32', (x) => tf.localResponseNormalization(image(x)), [truths, numbers]],
];

it('types that an op has no rule for are refused with the cast that helps', async () => {
  for (const [target, op, operands] of cases)
    for (const x of operands) {
      const call = compile(op)(x);
      await expect(call).rejects.toThrow(UnsupportedOpError);
      await expect(call).rejects.toThrow(`of ${x.dtype} has no rule`);
      await expect(call).rejects.toThrow(`Cast it first: tf.cast(x, '${target}')`);
      // What the message advises.
      const cast: Op = (y) => op(tf.cast(y, target as 'int32'));
      expect(await compile(cast)(x)).toBeAllClose(cast(x));
    }
});
