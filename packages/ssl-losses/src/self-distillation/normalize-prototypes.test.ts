import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { draw, transposed, unit, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { normalizePrototypes } from './normalize-prototypes.js';

it.each(['eager', 'compiled'] as const)('normalizePrototypes scales each in place, %s', async (mode) => {
  for (const axis of [0, 1] as const) {
    const rows = draw(1, 4, 3, 5);
    const laid = (x: Rows): Rows => (axis === 1 ? x : transposed(x));
    const prototypes = tf.variable(tf.tensor2d(laid(rows)));
    const work = (): tf.Tensor => {
      normalizePrototypes(prototypes, axis);
      return tf.sum(prototypes);
    };
    await (mode === 'compiled' ? compile(work)() : work());
    expect(prototypes).toBeAllClose(laid(rows.map(unit)));
    prototypes.dispose();
  }
});

it('normalizePrototypes wants a matrix, and leaves zeros', () => {
  expect(() => normalizePrototypes(tf.variable(tf.zeros([3])) as never)).toThrow(ShapeError);
  const prototypes = tf.variable(tf.zeros<tf.Rank.R2>([2, 3]));
  normalizePrototypes(prototypes);
  expect(prototypes).toBeAllClose(tf.zeros([2, 3]));
});
