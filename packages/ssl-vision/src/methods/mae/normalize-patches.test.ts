import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { normalizePatches } from './normalize-patches.js';

describe('normalizePatches', () => {
  it('has mean 0 and unbiased deviation 1 in each patch', () => {
    const values = normalizePatches(tf.tensor2d([1, 2, 3, 6, 40, -10, 0, 10], [2, 4])).dataSync();
    // (1 - 3) / sqrt(14 / 3), ...
    const first = [-2, -1, 0, 3].map((value) => value / Math.sqrt(14 / 3));
    // mean 10: 30, -20, -10, 0 over sqrt(1400 / 3)
    const second = [30, -20, -10, 0].map((value) => value / Math.sqrt(1400 / 3));
    [...first, ...second].forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
  });

  it('is 0 where a patch has one colour, and holds far from 0', () => {
    expect([...normalizePatches(tf.fill([1, 4], 7)).dataSync()]).toEqual([0, 0, 0, 0]);
    const far = normalizePatches(tf.tensor2d([100_000, 100_001], [1, 2])).dataSync();
    expect(far[0]).toBeCloseTo(-Math.SQRT1_2, 4);
    expect(far[1]).toBeCloseTo(Math.SQRT1_2, 4);
  });
});
