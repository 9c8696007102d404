import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  sum,
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { mmcr } from './mmcr.js';

/** Sum of the singular values of two columns: `sqrt(|x|^2 + 2 sqrt(det(x^T x)))`, in float64. */
function nuclear(x: Rows): number {
  const [a, b] = transposed(x) as [number[], number[]];
  const [p, q, r] = [dot(a, a), dot(b, b), dot(a, b)];
  return Math.sqrt(p + q + 2 * Math.sqrt(Math.max(p * q - r * r, 0)));
}

/** The loss for features of dim 2, the views of an image below each other. */
function naive(online: Rows, momentum: Rows, views: number, lambda: number): number {
  const images = Array.from({ length: online.length / views }, (_, b) =>
    [online, momentum].flatMap((z) => z.slice(b * views, (b + 1) * views)),
  );
  const centres = images.map((z) => transposed(z).map(mean));
  return (lambda * sum(images.map(nuclear))) / images.length - nuclear(centres);
}

const stacked = (z: tf.Tensor, views: number): tf.Tensor3D => tf.reshape(z, [-1, views, z.shape[1]!]);

describe.each(['eager', 'compiled'] as const)('mmcr against lightly, %s', (mode) => {
  it.each(redundancy.mmcr.map(({ options, inputs }, index) => [index, inputs[0]!.shape, options] as const))(
    'case %i, %j, %j',
    async (index, _shape, options) => {
      await expectGolden(mode, redundancy.mmcr[index]!, (online, momentum) =>
        mmcr(online as tf.Tensor3D, momentum as tf.Tensor3D, options),
      );
    },
  );
});

it.each([
  [4, 2, 0.5],
  [2, 3, 0.005],
  [7, 1, 2],
])('mmcr against the closed form: %i images, %i views, lambda %d', async (batch, views, lambda) => {
  const [online, momentum] = [draw(batch, batch * views, 2), draw(batch + 1, batch * views, 2)];
  const [loss, ...gradients] = await lossAndGradients(
    'eager',
    (a, b) => mmcr(stacked(a!, views), stacked(b!, views), { lambda }),
    [tf.tensor2d(online), tf.tensor2d(momentum)],
  );
  expect(loss!).toBeAllClose(naive(online, momentum, views, lambda));
  const close = { rtol: 1e-4, atol: 1e-5 } as const;
  expect(gradients[0]!).toBeAllClose(
    finiteDifferences((a) => naive(a, momentum, views, lambda), online),
    close,
  );
  expect(gradients[1]!).toBeAllClose(
    finiteDifferences((b) => naive(online, b, views, lambda), momentum),
    close,
  );
});

it('mmcr: order of images and networks and a common rotation change nothing; a factor scales', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 5 }), (seed, batch) => {
      const [online, momentum] = [draw(seed, batch * 2, 3), draw(seed + 1, batch * 2, 3)];
      const run = (a: Rows, b: Rows): number =>
        mmcr(stacked(tf.tensor2d(a), 2), stacked(tf.tensor2d(b), 2), { lambda: 0.3 }).dataSync()[0]!;
      const plain = run(online, momentum);
      const close = { rtol: 1e-5, atol: 1e-5 } as const;
      expect(run(momentum, online)).toBeAllClose(plain, close);
      const order = [...new RandomStream(randomKey(seed)).permutation(batch)];
      const moved = (z: Rows): Rows => order.flatMap((i) => [z[2 * i]!, z[2 * i + 1]!]);
      expect(run(moved(online), moved(momentum))).toBeAllClose(plain, close);
      const [c, s] = [Math.cos(seed), Math.sin(seed)];
      const turned = (z: Rows): Rows => z.map(([x, y, w]) => [3 * (c * x! - s * y!), 3 * (s * x! + c * y!), 3 * w!]);
      expect(run(turned(online), turned(momentum))).toBeAllClose(3 * plain, { rtol: 1e-5, atol: 3e-5 });
    }),
    { seed: 10, numRuns: 20 },
  ));

describe('mmcr at the edges', () => {
  it.each(extremes(4))('%s stay finite', async (name, z) => {
    const loss = await expectFinite((a, b) => mmcr(stacked(a!, 2), stacked(b!, 2)), [z, z]);
    // One direction: the length of each row is sqrt(14), its image has four, the centres are two.
    const known = Math.sqrt(14) * (0.005 * 2 - Math.SQRT2);
    expect(name === 'identical rows' ? known : loss).toBeCloseTo(loss, 5);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 2, 4]) as tf.Tensor3D;
    expect(() => mmcr(x, tf.zeros([3, 1, 4]))).toThrow(
      'mmcr: momentum must be float32 [3, 2, 4], got float32 [3, 1, 4]',
    );
    expect(() => mmcr(tf.zeros([3, 4]) as never, x)).toThrow('online must be float32 [batch, views, dim]');
    expect(() => mmcr(x, x, { lambda: -1 })).toThrow(InvalidOptionError);
  });
});
