import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { MomentumGroups } from './momentum-groups.js';

const key = randomKey(0);

describe('MomentumGroups', () => {
  const directions = [
    [1, 0],
    [0, 1],
    [-1, 0],
  ];

  it('moves the groups that features are nearest to towards their mean, with gradient', () => {
    const groups = new MomentumGroups(3, 2, 0.75, key);
    groups.buffers.features.assign(tf.tensor2d(directions));
    const x = tf.tensor2d([
      [3, 1],
      [5, -1],
      [0.1, 2],
    ]);
    const expected = [0.75 + 0.25 * 4, 0, 0.25 * 0.1, 0.75 + 0.25 * 2, -1, 0];
    [...groups.moved(x).dataSync()].forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
    const slope = tf.grad((rows) => tf.sum(groups.moved(rows as tf.Tensor2D)))(x);
    [0.125, 0.125, 0.125, 0.125, 0.25, 0.25].forEach((value, at) => expect(slope.dataSync()[at]).toBeCloseTo(value, 5));
    groups.update(x);
    expect(groups.buffers.features.dataSync()[0]).toBeCloseTo(1.75, 5);
  });

  it('finds clusters of directions anew', () => {
    const rows = tf.tensor2d(
      [...Array(30).keys()].map((i) => {
        const angle = (2 * Math.PI * (i % 3)) / 3 + 0.02 * Math.floor(i / 3);
        return [Math.cos(angle), Math.sin(angle)];
      }),
    );
    const groups = new MomentumGroups(3, 2, 0.9, key);
    // One of a few starts finds all three.
    const closeness = [...Array(5).keys()].map((draw) => {
      groups.relocate(rows, tf.tensor1d([draw, 7], 'int32'));
      return tf.min(tf.max(tf.matMul(rows, groups.buffers.features, false, true), 1)).dataSync()[0]!;
    });
    expect(Math.max(...closeness)).toBeGreaterThan(0.99);
  });
});
