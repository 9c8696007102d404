import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { leJEPA } from './le-jepa.js';
import { randomDirections } from './random-directions.js';
import { sigReg } from './sig-reg.js';

const key = tf.tensor1d([1, 2], 'int32');

/** Mean squared distance from the centre of the first `globals` views by loops; views lie below each other. */
function distance(z: Rows, globals: number, batch: number): number {
  const dim = z[0]!.length;
  const centre = Array.from({ length: batch }, (_, i) =>
    Array.from({ length: dim }, (__, j) => mean(Array.from({ length: globals }, (___, v) => z[v * batch + i]![j]!))),
  );
  return mean(z.flatMap((row, i) => row.map((x, j) => (x - centre[i % batch]![j]!) ** 2)));
}

const views = (z: tf.Tensor, from: number, count: number, batch: number): tf.Tensor3D =>
  tf.reshape(tf.slice(z, [from * batch, 0], [count * batch, -1]), [count, batch, z.shape[1]!]);

describe.each(['eager', 'compiled'] as const)('leJEPA against lightly, %s', (mode) => {
  it.each(redundancy.leJEPA.map(({ options }, index) => [index, options] as const))(
    'case %i, %j',
    async (index, options) => {
      const golden = redundancy.leJEPA[index]!;
      const directions = array(golden.directions) as tf.Tensor2D;
      await expectGolden(mode, golden, (g, l) => leJEPA(g as tf.Tensor3D, l as tf.Tensor3D, directions, options));
    },
  );
});

describe('leJEPA', () => {
  const z = draw(1, 15, 4);
  const run = (x: tf.Tensor, options: Parameters<typeof leJEPA>[3]): tf.Scalar =>
    leJEPA(views(x, 0, 2, 3), views(x, 2, 3, 3), key, options);

  it('without the regulariser is the distance from the global centre, by loops and finite differences', async () => {
    const [loss, gradient] = await lossAndGradients('eager', (x) => run(x!, { lambda: 0, sigReg: { numVectors: 4 } }), [
      tf.tensor2d(z),
    ]);
    expect(loss!).toBeAllClose(distance(z, 2, 3));
    expect(gradient!).toBeAllClose(
      finiteDifferences((x) => distance(x, 2, 3), z),
      { rtol: 1e-4, atol: 1e-6 },
    );
  });

  it('with the regulariser alone is sigReg of all views', () => {
    const sketch = { numVectors: 8, knots: 5, tMax: 2 };
    const all = tf.reshape(tf.tensor2d(z), [5, 3, 4]);
    expect(run(tf.tensor2d(z), { lambda: 1, sigReg: sketch })).toBeAllClose(sigReg(all, key, sketch));
    expect(run(tf.tensor2d(z), { lambda: 1 })).toBeAllClose(sigReg(all, randomDirections(key, 4, 1024)));
  });

  it('order of the views of a kind and of the images change nothing', () => {
    const swap = (rows: Rows, blocks: readonly number[], images: readonly number[]): Rows =>
      blocks.flatMap((v) => images.map((i) => rows[v * 3 + i]!));
    const plain = run(tf.tensor2d(z), { lambda: 0.3 });
    expect(run(tf.tensor2d(swap(z, [1, 0, 4, 2, 3], [2, 0, 1])), { lambda: 0.3 })).toBeAllClose(plain, { rtol: 1e-5 });
  });

  it.each(extremes(5))('%s stay finite', async (_name, rows) => {
    await expectFinite((x) => leJEPA(views(x!, 0, 2, 1), views(x!, 2, 3, 1), key), [rows]);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3, 4]) as tf.Tensor3D;
    expect(() => leJEPA(x, tf.zeros([2, 3, 5]), key)).toThrow(
      'leJEPA: localViews must be float32 [views, 3, 4], got float32 [2, 3, 5]',
    );
    expect(() => leJEPA(tf.zeros([3, 4]) as never, x, key)).toThrow('globalViews must be float32 [views, batch, dim]');
    expect(() => leJEPA(x, x, key, { lambda: 1.1 })).toThrow(InvalidOptionError);
  });
});
