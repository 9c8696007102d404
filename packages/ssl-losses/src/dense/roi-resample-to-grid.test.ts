import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { dense } from '../../../../test/golden/losses/dense.js';
import { array, draw, expectGolden } from '../../../../test/golden/losses/redundancy.js';
import { roiResampleToGrid } from './roi-resample-to-grid.js';

describe.each(['eager', 'compiled'] as const)('roiResampleToGrid against torchvision, %s', (mode) => {
  it.each(dense.roi.map(({ options, inputs }, index) => [index, inputs[0]!.shape, options] as const))(
    'case %i, map of %j, %j',
    async (index, _shape, { height, width }) => {
      const golden = dense.roi[index]!;
      const [boxes, weights] = [array(golden.boxes) as tf.Tensor2D, array(golden.weights)];
      const run = (x: tf.Tensor): tf.Tensor => roiResampleToGrid(x as tf.Tensor4D, boxes, height, width);
      expect(run(array(golden.inputs[0]!))).toBeAllClose(golden.values, { rtol: 1e-5, atol: 2e-6 });
      await expectGolden(mode, golden, (x) => tf.sum(tf.mul(run(x), weights)));
    },
  );
});

describe('roiResampleToGrid', () => {
  it('the whole map onto its own grid is the map', () => {
    const map = tf.reshape(tf.tensor2d(draw(1, 24, 2)), [2, 3, 4, 2]) as tf.Tensor4D;
    const whole = tf.tensor2d([
      [0, 0, 4, 3],
      [0, 0, 4, 3],
    ]);
    expect(roiResampleToGrid(map, whole, 3, 4)).toBeAllClose(tf.reshape(map, [2, 12, 2]));
  });

  it('a plane is sampled exactly at the middle of each cell', () =>
    fc.assert(
      fc.property(
        fc.tuple(...Array.from({ length: 4 }, () => fc.double({ min: 0.5, max: 5.5, noNaN: true }))),
        ([a, b, c, d]) => {
          const [x0, x1, y0, y1] = [Math.min(a!, b!), Math.max(a!, b!), Math.min(c!, d!), Math.max(c!, d!)];
          fc.pre(x1 - x0 > 1e-3 && y1 - y0 > 1e-3);
          const plane = Array.from({ length: 36 }, (_, i) => 2 * ((i % 6) + 0.5) - 3 * (Math.floor(i / 6) + 0.5));
          const got = roiResampleToGrid(tf.tensor4d(plane, [1, 6, 6, 1]), tf.tensor2d([[x0, y0, x1, y1]]), 2, 3);
          const middle = (from: number, to: number, i: number, n: number): number =>
            from + ((i + 0.5) * (to - from)) / n;
          const expected = Array.from({ length: 6 }, (_, i) => [
            2 * middle(x0, x1, i % 3, 3) - 3 * middle(y0, y1, Math.floor(i / 3), 2),
          ]);
          expect(got).toBeAllClose([expected], { rtol: 1e-4, atol: 1e-4 });
        },
      ),
      { seed: 3, numRuns: 30 },
    ));

  it('a box without area gives 0', () => {
    expect(roiResampleToGrid(tf.ones([1, 3, 3, 2]), tf.tensor2d([[1, 1, 1, 1]]), 2, 1)).toBeAllClose(
      tf.zeros([1, 2, 2]),
    );
  });

  it('names what is wrong', () => {
    const map = tf.zeros([1, 3, 3, 2]) as tf.Tensor4D;
    expect(() => roiResampleToGrid(map, tf.zeros([2, 4]), 2, 2)).toThrow(
      'roiResampleToGrid: boxes must be float32 [1, 4], got float32 [2, 4]',
    );
    expect(() => roiResampleToGrid(tf.zeros([3, 3, 2]) as never, tf.zeros([1, 4]), 2, 2)).toThrow(ShapeError);
    expect(() => roiResampleToGrid(map, tf.zeros([1, 4]), 0, 2)).toThrow(InvalidOptionError);
  });
});
