import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { agrees, describeAgreement, floats } from '../../../../test/support/lowering-conformance.js';
import { numericGradient } from '../../../../test/support/numeric-gradient.js';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { groupNorm } from './group-norm.js';

const [batch, pixels, channels, groups, epsilon] = [2, 3, 4, 2, 1e-3];
const stream = new RandomStream(randomKey(5));
const draw = (count: number): number[] => Array.from({ length: count }, () => Math.fround(stream.normal()));
const [x, scale, bias, weight] = [
  draw(batch * pixels * channels),
  draw(channels),
  draw(channels),
  draw(batch * pixels * channels),
];

function reference(input: readonly number[]): number[] {
  const groupOf = (index: number): number =>
    Math.floor(index / (pixels * channels)) * groups + Math.floor((index % channels) / (channels / groups));
  return input.map((value, index) => {
    const members = input.filter((_, other) => groupOf(other) === groupOf(index));
    const mean = members.reduce((sum, item) => sum + item, 0) / members.length;
    const variance = members.reduce((sum, item) => sum + (item - mean) ** 2, 0) / members.length;
    const channel = index % channels;
    return ((value - mean) / Math.sqrt(variance + epsilon)) * scale![channel]! + bias![channel]!;
  });
}

it('is the definition, with its gradient', () => {
  const [gain, offset] = [tf.tensor1d(scale!), tf.tensor1d(bias!)];
  const normalise = (input: tf.Tensor): tf.Tensor => groupNorm(input, gain, offset, { groups, epsilon });
  const input = tf.tensor3d(x!, [batch, pixels, channels]);
  expect(normalise(input)).toBeAllClose({ data: reference(x!), shape: [batch, pixels, channels] }, { atol: 3e-6 });
  const objective = (y: tf.Tensor): tf.Tensor => tf.sum(tf.mul(normalise(y), tf.tensor3d(weight!, input.shape)));
  const numeric = numericGradient(
    (point) => reference(point).reduce((sum, value, index) => sum + value * weight![index]!, 0),
    x!,
  );
  expect(tf.grad(objective)(input)).toBeAllClose({ data: numeric, shape: input.shape }, { atol: 2e-5 });
});

describeAgreement(
  [1, 2, 6].map((count) =>
    agrees(
      `groupNorm in ${count} groups`,
      [floats([2, 3, 4, 6]), floats([6]), floats([6])],
      ((a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) => groupNorm(a, b, c, { groups: count })) as never,
      { atol: 1e-5 },
    ),
  ),
);

it.each([0, 3, 1.5])('refuses %s groups of 4 channels', (count) => {
  expect(() => groupNorm(tf.zeros([1, 2, 4]), tf.ones([4]), tf.zeros([4]), { groups: count })).toThrow(
    InvalidOptionError,
  );
});
