import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { InvalidOptionError, keyArray, randomKey, randomUniform } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { randomMasking } from './random-masking.js';

const uniform = (seed: number, batch: number, patches: number): tf.Tensor2D =>
  randomUniform(tf.tensor1d(keyArray(randomKey(seed)).data, 'int32'), [batch, patches]) as tf.Tensor2D;

describe('randomMasking', () => {
  it('keeps the patches with the smallest noise', () => {
    const { kept, masked } = randomMasking(
      tf.tensor2d([
        [0.3, 0.1, 0.9, 0.2],
        [0.8, 0.7, 0.5, 0.6],
      ]),
      0.5,
    );
    expect(kept.arraySync()).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect(masked.arraySync()).toEqual([
      [0, 2],
      [1, 0],
    ]);
  });

  it('has every patch of every image once, and the whole part of the share kept', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.integer({ min: 0, max: 1000 }),
        (patches, batch, ratio, seed) => {
          const keep = Math.trunc(patches * (1 - ratio));
          fc.pre(keep >= 1 && keep < patches);
          const { kept, masked } = tf.tidy(() => ({ ...randomMasking(uniform(seed, batch, patches), ratio) }));
          expect(kept.shape).toEqual([batch, keep]);
          const [stay, go] = [kept.arraySync(), masked.arraySync()];
          tf.dispose([kept, masked]);
          for (let image = 0; image < batch; image++) {
            const all = [...stay[image]!, ...go[image]!].sort((a, b) => a - b);
            expect(all).toEqual(Array.from({ length: patches }, (_, i) => i));
          }
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  it('hides every patch about equally often', () => {
    const [images, patches] = [2000, 8];
    const counts = new Float64Array(patches);
    for (const patch of randomMasking(uniform(5, images, patches), 0.75).masked.dataSync()) counts[patch]!++;
    // Five deviations of a binomial with 2,000 draws at 0.75.
    for (const count of counts) expect(Math.abs(count - 1500)).toBeLessThan(5 * Math.sqrt(2000 * 0.75 * 0.25));
  });

  it('refuses shares that keep none or hide none', () => {
    expect(() => randomMasking(uniform(1, 1, 4), 0.9)).toThrow(InvalidOptionError);
    expect(() => randomMasking(uniform(1, 1, 4), 0)).toThrow('keeps and hides one or more of 4 patches');
    expect(() => randomMasking(uniform(1, 1, 4), Number.NaN)).toThrow(InvalidOptionError);
  });
});
