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
import { leWM } from './le-wm.js';
import { sigReg } from './sig-reg.js';

const key = tf.tensor1d([1, 2], 'int32');
const clips = (z: tf.Tensor, batch: number): tf.Tensor3D => tf.reshape(z, [batch, -1, z.shape[1]!]);

const standardised = (row: readonly number[]): number[] => {
  const variance = mean(row.map((x) => (x - mean(row)) ** 2));
  return row.map((x) => (x - mean(row)) / Math.sqrt(variance + 1e-5));
};
/** Mean squared error by loops in float64. */
const error = (p: Rows, t: Rows): number => mean(p.flatMap((row, i) => row.map((x, j) => (x - t[i]![j]!) ** 2)));

describe.each(['eager', 'compiled'] as const)('leWM against lightly, %s', (mode) => {
  it.each(redundancy.leWM.map(({ options }, index) => [index, options] as const))(
    'case %i, %j',
    async (index, options) => {
      const golden = redundancy.leWM[index]!;
      const directions = array(golden.directions) as tf.Tensor2D;
      await expectGolden(mode, golden, (...z) => {
        const [predicted, target, embeddings] = z as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
        return leWM(predicted, target, embeddings, directions, options);
      });
    },
  );
});

describe('leWM', () => {
  const [p, t, e] = [draw(1, 6, 5), draw(2, 6, 5), draw(3, 9, 5)];
  const inputs = [p, t, e].map((rows) => tf.tensor2d(rows));

  it('without the regulariser is the error of the predictions; the target is a constant', async () => {
    for (const normalize of [false, true]) {
      const naive = (x: Rows): number => (normalize ? error(x.map(standardised), t.map(standardised)) : error(x, t));
      const [loss, ...gradients] = await lossAndGradients(
        'eager',
        (x, y, z) => leWM(clips(x!, 3), clips(y!, 3), clips(z!, 3), key, { lambda: 0, normalize }),
        inputs,
      );
      expect(loss!).toBeAllClose(naive(p));
      expect(gradients[0]!).toBeAllClose(finiteDifferences(naive, p), { rtol: 1e-4, atol: 1e-6 });
      expect(gradients[1]!).toBeAllClose(t.map((row) => row.map(() => 0)));
      expect(gradients[2]!).toBeAllClose(e.map((row) => row.map(() => 0)));
    }
  });

  it('regularises the batch at each time, not the times of each clip', () => {
    const same = clips(inputs[0]!, 3);
    const loss = leWM(same, same, clips(inputs[2]!, 3), key, { lambda: 2, sigReg: { numVectors: 8 } });
    const at = (time: number): tf.Tensor2D => tf.tensor2d([0, 1, 2].map((clip) => e[3 * clip + time]!));
    const each = [0, 1, 2].map((time) => sigReg(at(time), key, { numVectors: 8 }).dataSync()[0]!);
    expect(loss).toBeAllClose(2 * mean(each));
  });

  it.each(extremes(4))('%s stay finite', async (_name, rows) => {
    await expectFinite(
      (x) => leWM(clips(x!, 2), clips(tf.mul(x!, 1.5), 2), clips(x!, 2), key, { normalize: true }),
      [rows],
    );
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 3, 4]) as tf.Tensor3D;
    expect(() => leWM(x, tf.zeros([2, 2, 4]), x, key)).toThrow(
      'leWM: target must be float32 [2, 3, 4], got float32 [2, 2, 4]',
    );
    expect(() => leWM(x, x, tf.zeros([3, 3, 4]), key)).toThrow('embeddings must be float32 [2, frames, 4]');
    expect(() => leWM(x, x, x, key, { lambda: -1 })).toThrow(InvalidOptionError);
  });
});
