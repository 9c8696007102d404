import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { compile } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { blockMasks, maskCounts } from './block-masks.js';

const shares = { maskedImages: 0.5, maskRatio: [0.1, 0.5] } as const;
const counts = maskCounts(8, 49, shares);
const key = (seed: number): tf.Tensor1D => tf.tensor1d([seed, 3], 'int32');

describe('maskCounts', () => {
  it('spreads the shares over the masked images', () => {
    expect(counts).toEqual([7, 12, 17, 22, 0, 0, 0, 0]);
    expect(maskCounts(1, 4, shares)).toEqual([1]);
  });
});

describe('blockMasks', () => {
  it('masks so many patches, of images in random order', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const sums = tf.sum(blockMasks(key(seed), counts, [7, 7]), 1).arraySync() as number[];
      expect(sums.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 7, 12, 17, 22]);
      seen.add(sums.join());
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  it('masks blocks: a masked patch has more masked neighbours than one drawn by itself', () => {
    const mask = blockMasks(
      key(1),
      Array.from({ length: 64 }, () => 20),
      [8, 8],
    ).arraySync();
    let [pairs, masked] = [0, 0];
    for (const row of mask)
      for (let place = 0; place < 64; place++) {
        if (place % 8 === 7 || row[place] === 0) continue;
        masked++;
        pairs += row[place + 1]!;
      }
    // 19 of 63 where patches are drawn one by one.
    expect(pairs / masked).toBeGreaterThan(0.6);
  });

  it('is the same compiled', async () => {
    const compiled = compile((own: tf.Tensor1D) => blockMasks(own, counts, [7, 7]));
    const result = await compiled(key(5));
    expect([...result.dataSync()]).toEqual([...blockMasks(key(5), counts, [7, 7]).dataSync()]);
  });
});
