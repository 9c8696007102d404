import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { foldIn, randomKey } from '@selfsup/ssl-core';
import {
  foldInKey,
  keyArray,
  randomBits,
  randomNormal,
  randomPermutation,
  randomUniform,
  type TensorKey,
} from './random-uniform.js';

const keyTensor = (seed: number): TensorKey => tf.tensor1d(keyArray(randomKey(seed)).data, 'int32');
const compiledUniform = compile((key: TensorKey, sizes: { n: number }) => randomUniform(key, [sizes.n]));

describe('randomUniform', () => {
  it('gives the same bits eagerly and compiled, for even and odd sizes', async () => {
    for (const [seed, n] of [
      [0, 1],
      [1, 2],
      [2, 1001],
      [123456789, 4096],
    ] as const) {
      const eager = randomUniform(keyTensor(seed), [n]).dataSync();
      const compiled = (await compiledUniform(keyArray(randomKey(seed)), { n })).dataSync();
      expect(compiled).toEqual(eager);
    }
  });

  it('is threefry of the counter: the first words of key (0, 0) are the published ones', () => {
    const key = tf.tensor1d([0, 0], 'int32');
    expect(Array.from(randomUniform(key, [2]).dataSync())).toEqual([
      (0x6b200159 >>> 8) / 2 ** 24,
      (0x99ba4efe >>> 8) / 2 ** 24,
    ]);
  });

  it('is uniform and uncorrelated', async () => {
    const n = 100_000;
    const values = (await compiledUniform(keyArray(randomKey(7)), { n })).dataSync();
    const bins = new Array<number>(20).fill(0);
    let [sum, square, lagged] = [0, 0, 0];
    values.forEach((value, i) => {
      bins[Math.floor(value * 20)]!++;
      sum += value;
      square += value * value;
      lagged += (value - 0.5) * (values[(i + 1) % n]! - 0.5);
    });
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // Four standard errors each; 99.99 % of chi-square with 19 degrees of freedom lies below 50.8.
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(square / n - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / n));
    expect(Math.abs(lagged / n)).toBeLessThan((4 / 12) * Math.sqrt(1 / n));
    expect(bins.reduce((chi, count) => chi + (count - n / 20) ** 2 / (n / 20), 0)).toBeLessThan(50.8);
  });

  it('depends on the key and on nothing else', async () => {
    const [a, again, b] = await Promise.all(
      [1, 1, 2].map((seed) => compiledUniform(keyArray(randomKey(seed)), { n: 64 })),
    );
    expect(again!.dataSync()).toEqual(a!.dataSync());
    const equal = Array.from(a!.dataSync()).filter((value, i) => value === b!.dataSync()[i]);
    expect(equal).toEqual([]);
  });
});

describe('foldInKey', () => {
  it('is foldIn of the host key, eagerly and compiled', async () => {
    for (const data of [0, 1, 99, 4294967295, 4294967296 * 3 + 5]) {
      const expected = keyArray(foldIn(randomKey(9), data)).data;
      expect(foldInKey(keyTensor(9), data).dataSync()).toEqual(expected);
      expect((await compile((key: TensorKey) => foldInKey(key, data))(keyTensor(9))).dataSync()).toEqual(expected);
    }
  });
});

describe('randomBits', () => {
  it('are the published words, the same eagerly and compiled', async () => {
    const draw = (key: TensorKey): tf.Tensor => randomBits(key, [3, 3]);
    expect(Array.from(randomBits(tf.tensor1d([0, 0], 'int32'), [2]).dataSync())).toEqual([
      0x6b200159 | 0,
      0x99ba4efe | 0,
    ]);
    const eager = draw(keyTensor(3));
    expect([eager.dtype, eager.shape]).toEqual(['int32', [3, 3]]);
    expect((await compile(draw)(keyTensor(3))).dataSync()).toEqual(eager.dataSync());
  });
});

describe('randomNormal', () => {
  it('has the moments of a normal distribution, and the same values eagerly and compiled', async () => {
    const n = 50_001;
    const draw = (key: TensorKey): tf.Tensor => randomNormal(key, [n]);
    const values = Array.from((await compile(draw)(keyTensor(11))).dataSync());
    expect(draw(keyTensor(11))).toBeAllClose({ data: values, shape: [n] }, { rtol: 1e-5, atol: 1e-5 });
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / n;
    // Four standard errors each: the variances of x, x^2, x^3 and x^4 are 1, 2, 15 and 96.
    [0, 1, 0, 3].forEach((expected, index) =>
      expect(Math.abs(moment(index + 1) - expected)).toBeLessThan(4 * Math.sqrt([1, 2, 15, 96][index]! / n)),
    );
    expect(values.every((value) => Number.isFinite(value))).toBe(true);
  });
});

describe('randomPermutation', () => {
  it('holds every number once, the same eagerly and compiled, in an order that the key decides', async () => {
    const draw = (key: TensorKey): tf.Tensor => randomPermutation(key, 257);
    const eager = Array.from(draw(keyTensor(1)).dataSync());
    expect(eager.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 257 }, (_, index) => index));
    expect(Array.from((await compile(draw)(keyTensor(1))).dataSync())).toEqual(eager);
    expect(Array.from(draw(keyTensor(2)).dataSync())).not.toEqual(eager);
  });
});
