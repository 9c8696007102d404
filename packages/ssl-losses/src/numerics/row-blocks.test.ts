import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { profile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ndArray, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { clipLoss } from '../contrastive/clip-loss.js';
import { infoNCE } from '../contrastive/info-nce.js';
import { ntXent } from '../contrastive/nt-xent.js';
import { rowBlocks } from './row-blocks.js';
import { siglip } from '../contrastive/siglip.js';

describe('rowBlocks', () => {
  it('covers the rows once, in order', () => {
    for (const [rows, height] of [
      [7, 3],
      [6, 3],
      [2, 5],
      [1, 1],
    ] as const) {
      const blocks = rowBlocks('test', rows, 4, height);
      expect(blocks.flatMap(({ from, count }) => Array.from({ length: count }, (_, i) => from + i))).toEqual([
        ...Array(rows).keys(),
      ]);
    }
  });

  it('holds 4 million products, or 256 rows', () => {
    expect(rowBlocks('test', 2048, 2048, undefined)).toEqual([{ from: 0, count: 2048 }]);
    expect(rowBlocks('test', 4096, 4096, undefined)).toHaveLength(4);
    expect(rowBlocks('test', 65_536, 65_536, undefined)).toHaveLength(256);
    expect(() => rowBlocks('test', 4, 4, 1.5)).toThrow(InvalidOptionError);
  });
});

describe('losses in blocks', () => {
  const [batch, dim, blockRows] = [1024, 8, 64];
  const random = new RandomStream(randomKey(5));
  const rows = (): ReturnType<typeof ndArray> =>
    ndArray(
      Float32Array.from({ length: batch * dim }, () => random.normal()),
      [batch, dim],
    );
  const options = { blockRows };
  // A block takes 0.3 MB (of ntXent, with its two views, 0.5 MB), all products 4 MB (17 MB).
  it.each([
    ['ntXent', 4, (x: tf.Tensor2D, y: tf.Tensor2D) => ntXent([x, y], options)],
    ['infoNCE', 2, (x: tf.Tensor2D, y: tf.Tensor2D) => infoNCE(x, y, undefined, options)],
    ['clipLoss', 2, (x: tf.Tensor2D, y: tf.Tensor2D) => clipLoss(x, y, 2, options)],
    ['siglip', 3, (x: tf.Tensor2D, y: tf.Tensor2D) => siglip(x, y, 2, -3, options)],
  ] as const)('%s and its gradient hold less than %i MB at a time', async (_name, limit, loss) => {
    const step = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor[] => {
      const { value, grads } = tf.valueAndGrads((a, b) => loss(a as tf.Tensor2D, b as tf.Tensor2D))([x, y]);
      return [value, ...grads];
    };
    const { peakMegabytes } = await profile(step, [rows(), rows()], { runs: 1 });
    expect(peakMegabytes).toBeGreaterThan(0.2);
    expect(peakMegabytes).toBeLessThan(limit);
  });
});
