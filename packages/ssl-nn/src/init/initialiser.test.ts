import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  constant,
  fans,
  kaimingNormal,
  kaimingUniform,
  normal,
  ones,
  randomWords,
  torchBias,
  torchWeight,
  truncatedNormal,
  uniform,
  xavierUniform,
  zeros,
  type Initialiser,
} from '../index.js';

const key = randomKey(17);
const count = 200_000;

/** Mean, deviation, kurtosis and extremes. */
function moments(data: Float32Array): { mean: number; deviation: number; kurtosis: number; low: number; high: number } {
  let [sum, low, high] = [0, Infinity, -Infinity];
  for (const x of data) [sum, low, high] = [sum + x, Math.min(low, x), Math.max(high, x)];
  const mean = sum / data.length;
  let [second, fourth] = [0, 0];
  for (const x of data) [second, fourth] = [second + (x - mean) ** 2, fourth + (x - mean) ** 4];
  const variance = second / data.length;
  return { mean, deviation: Math.sqrt(variance), kurtosis: fourth / data.length / variance ** 2, low, high };
}

describe('initialisers', () => {
  it('draw the words of RandomStream, in bulk', () => {
    const stream = new RandomStream(key);
    expect([...randomWords(key, 9)]).toEqual(Array.from({ length: 9 }, () => stream.bits()));
  });

  it('give the same values for the same key, others for another', () => {
    for (const initialiser of [normal(), uniform(-1, 1), truncatedNormal(), torchWeight]) {
      expect(initialiser([5, 3], key)).toEqual(initialiser([5, 3], key));
      expect(initialiser([5, 3], key).data).not.toEqual(initialiser([5, 3], randomKey(18)).data);
      expect(initialiser([5, 3], key).shape).toEqual([5, 3]);
    }
  });

  it('fill with constants', () => {
    expect([zeros, ones, constant(0.5)].map((initialiser) => [...initialiser([2], key).data])).toEqual([
      [0, 0],
      [1, 1],
      [0.5, 0.5],
    ]);
  });

  it('normal has the moments of a Gaussian', () => {
    const { mean, deviation, kurtosis } = moments(normal(0.5, 2)([count], key).data);
    expect(mean).toBeCloseTo(2, 2);
    expect(deviation).toBeCloseTo(0.5, 2);
    expect(kurtosis).toBeCloseTo(3, 1);
  });

  it('uniform fills its range evenly', () => {
    const { mean, deviation, low, high } = moments(uniform(-1, 3)([count], key).data);
    expect(mean).toBeCloseTo(1, 1);
    expect(deviation).toBeCloseTo(4 / Math.sqrt(12), 2);
    expect([low >= -1, low < -0.999, high < 3, high > 2.999]).toEqual([true, true, true, true]);
  });

  it('truncatedNormal keeps to its limit', () => {
    const { mean, deviation, low, high } = moments(
      truncatedNormal({ standardDeviation: 0.1, mean: 1 })([count], key).data,
    );
    expect(mean).toBeCloseTo(1, 3);
    // Deviation of a Gaussian cut at two of its own.
    expect(deviation / 0.1).toBeCloseTo(0.8796, 2);
    expect(Math.max(1 - low, high - 1)).toBeLessThanOrEqual(0.2 + 1e-7);
    expect(() => truncatedNormal({ limit: 0.1 })).toThrow(InvalidOptionError);
  });

  it('scale by fans, in the layout in memory', () => {
    expect(fans([3, 4])).toEqual({ fanIn: 3, fanOut: 4 });
    expect(fans([3, 3, 16, 32])).toEqual({ fanIn: 144, fanOut: 288 });
    expect(() => fans([3])).toThrow(InvalidOptionError);
    const shape = [400, 500];
    const spread = (initialiser: Initialiser): number => moments(initialiser(shape, key).data).deviation;
    expect(spread(xavierUniform()) / Math.sqrt(2 / 900)).toBeCloseTo(1, 2);
    expect(spread(kaimingNormal()) / Math.sqrt(2 / 400)).toBeCloseTo(1, 2);
    expect(spread(kaimingUniform({ mode: 'fanOut', gain: 1 })) / Math.sqrt(1 / 500)).toBeCloseTo(1, 2);
    const { low, high } = moments(torchWeight(shape, key).data);
    expect([low, high].map(Math.abs).every((extreme) => extreme <= 0.05 && extreme > 0.0499)).toBe(true);
    expect(moments(torchBias(400)([count], key).data).high).toBeCloseTo(0.05, 4);
  });

  it('refuse what no tensor holds', () => {
    for (const initialiser of [zeros, normal(), uniform(0, 1), truncatedNormal(), torchWeight])
      expect(() => initialiser([2 ** 20, 2 ** 20], key)).toThrow(
        /shape must be at most 2147483647 elements, 8 GiB, got '\[1048576, 1048576\]'/,
      );
  });

  it('draw eleven million numbers in two seconds of processor time', () => {
    normal()([100_000], key);
    const start = process.cpuUsage();
    normal()([11_000_000], key);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(2);
  });
});
