import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { agrees, describeAgreement, floats } from '../../../../test/support/lowering-conformance.js';
import { ShapeError } from '@selfsup/ssl-core';
import { channelAffine } from './channel-affine.js';

const relu = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor => channelAffine(x, scale, offset, 'relu');

describeAgreement([
  agrees('channelAffine', [floats([2, 3, 4]), floats([4]), floats([4])], channelAffine as never, { atol: 1e-6 }),
  agrees('channelAffine of one channel', [floats([5, 1]), floats([1]), floats([1])], relu as never, { atol: 1e-6 }),
  // Large enough to run in blocks.
  agrees('channelAffine in blocks', [floats([33, 28, 28, 12]), floats([12]), floats([12])], relu as never, {
    scaled: 1e-5,
  }),
]);

it('is multiplication, addition and ReLU, values and gradients', () => {
  const args = [tf.randomNormal([7, 3], 0, 1, 'float32', 1), tf.tensor1d([-1, 0.5, 2]), tf.tensor1d([0.1, -0.2, 0.3])];
  const weight = tf.randomNormal([7, 3], 0, 1, 'float32', 2);
  const apart = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor =>
    tf.relu(tf.add(tf.mul(x, scale), offset));
  const [one, other] = [relu, apart].map((op) => [
    op(args[0]!, args[1]!, args[2]!),
    ...tf.grads((...inputs) => tf.sum(tf.mul(op(inputs[0]!, inputs[1]!, inputs[2]!), weight)))(args),
  ]);
  expect([...one![0]!.dataSync()].some((value) => value === 0)).toBe(true);
  one!.forEach((tensor, index) => expect(tensor).toBeAllClose(other![index]!, { atol: 1e-6 }));
});

it('names the vector whose shape is wrong', () => {
  expect(() => channelAffine(tf.zeros([2, 4]), tf.ones([4]), tf.zeros([3]))).toThrow(ShapeError);
});
