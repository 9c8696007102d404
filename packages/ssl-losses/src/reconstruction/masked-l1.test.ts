import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  describeGoldens,
  draw,
  expectAsNaive,
  expectFinite,
  extremes,
  sum,
  type Rows,
} from '../../../../test/golden/losses/cases.js';
import { reconstruction } from '../../../../test/golden/losses/reconstruction.js';
import { maskedL1 } from './masked-l1.js';

/** By loops in float64, one image with one channel. */
function naive(prediction: Rows, target: Rows, mask: Rows, beta: number): number {
  const side = prediction.length / mask.length;
  const terms = prediction.flatMap((row, y) =>
    row.map((x, column) => {
      const off = Math.abs(x - target[y]![column]!);
      const counts = mask[Math.floor(y / side)]![Math.floor(column / side)]!;
      return counts * (off < beta ? off ** 2 / (2 * beta) : off - beta / 2);
    }),
  );
  return sum(terms) / (sum(mask.flat()) * side ** 2);
}

const image = (x: Rows | tf.Tensor2D): tf.Tensor4D => {
  const plane = Array.isArray(x) ? tf.tensor2d(x) : x;
  return tf.reshape(plane, [1, ...plane.shape, 1]);
};

describeGoldens('maskedL1', reconstruction.maskedL1, ([prediction], [target, mask], options) =>
  maskedL1(prediction as tf.Tensor4D, target as tf.Tensor4D, mask as tf.Tensor3D, options),
);

describe('maskedL1', () => {
  const [prediction, target] = [draw(1, 4, 4), draw(2, 4, 4)];
  const mask = [
    [1, 0],
    [1, 1],
  ];

  it.each([0, 0.7])('agrees with loops, beta %d', (beta) =>
    expectAsNaive(
      (x) => maskedL1(image(x), image(target), tf.tensor3d([mask]), { beta }),
      (x) => naive(x, target, mask, beta),
      prediction,
    ),
  );

  it('a value for each sample, and their sum', () => {
    const p = tf.concat([image(prediction), image(target)]);
    const t = tf.concat([image(target), tf.zeros<tf.Rank.R4>([1, 4, 4, 1])]);
    const masks = tf.tensor3d([
      mask,
      [
        [0, 1],
        [0, 0],
      ],
    ]);
    const [first, second] = [
      naive(prediction, target, mask, 0),
      naive(
        target,
        draw(0, 4, 4, 0),
        [
          [0, 1],
          [0, 0],
        ],
        0,
      ),
    ];
    expect(maskedL1(p, t, masks, { reduction: 'none' })).toBeAllClose([first, second]);
    expect(maskedL1(p, t, masks, { reduction: 'sum' })).toBeAllClose(3 * first + second);
    expect(maskedL1(p, t, masks)).toBeAllClose((3 * first + second) / 4);
  });

  it('a mask of pixels equals the mask of patches, and unmasked pixels do not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const [p, t] = [draw(seed, 4, 4), draw(seed + 1, 4, 4)];
        const pixels = p.map((_, y) => p.map((__, x) => mask[y >> 1]![x >> 1]!));
        const noisy = p.map((row, y) => row.map((value, x) => (pixels[y]![x] === 1 ? value : 1e3)));
        const expected = maskedL1(image(p), image(t), tf.tensor3d([mask]));
        expect(maskedL1(image(noisy), image(t), tf.tensor3d([pixels]))).toBeAllClose(expected);
      }),
      { seed: 22, numRuns: 25 },
    ));

  it.each(extremes(4, 4))('%s stay finite', async (_, x) => {
    for (const normalizeWindow of [undefined, 3])
      await expectFinite((p) => maskedL1(image(p!), image(x), tf.tensor3d([mask]), { normalizeWindow }), x);
  });

  it('standardises far from 0 without losing digits', () => {
    const options = { normalizeWindow: 3 };
    const [near, far] = [0, 1000].map((shift) =>
      maskedL1(tf.zeros([1, 4, 4, 1]), tf.add(image(draw(5, 4, 4)), shift), tf.ones([1, 4, 4]), options),
    );
    expect(far!).toBeAllClose(near!, { rtol: 1e-3 });
  });

  it('names what is wrong', () => {
    const [p, m] = [image(prediction), tf.ones([1, 2, 2]) as tf.Tensor3D];
    expect(() => maskedL1(p, tf.zeros([1, 4, 4, 2]), m)).toThrow(
      'maskedL1: target must be float32 [1, 4, 4, 1], got float32 [1, 4, 4, 2]',
    );
    expect(() => maskedL1(p, p, tf.ones([1, 3, 2]))).toThrow(
      'mask must be patches that tile 4 x 4 pixels, got [1, 3, 2]',
    );
    expect(() => maskedL1(p, p, tf.ones([2, 2, 2]))).toThrow(ShapeError);
    for (const normalizeWindow of [1, 4, 2.5])
      expect(() => maskedL1(p, p, m, { normalizeWindow })).toThrow(InvalidOptionError);
    expect(() => maskedL1(p, p, m, { beta: -1 })).toThrow(InvalidOptionError);
  });
});
