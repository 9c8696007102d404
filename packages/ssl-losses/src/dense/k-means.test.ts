import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile, keyArray } from '@selfsup/ssl-tensor';
import { randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { mean, type Rows } from '../../../../test/golden/losses/redundancy.js';
import '../../../../test/support/to-be-all-close.js';
import { kMeans, kMeansDraws, type KMeans } from './k-means.js';

/** The start and Lloyd's rounds in loops, in float64; also the rounds that were run and the means that were replaced. */
export function naiveKMeans(
  points: Rows,
  draws: Rows,
  tolerance: number,
): { means: Rows; labels: number[]; rounds: number; replaced: number } {
  const squared = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((total, value, i) => total + (value - b[i]!) ** 2, 0);
  const nearest = (means: Rows): number[] =>
    points.map((point) => {
      const apart = means.map((each) => squared(point, each));
      return apart.indexOf(Math.min(...apart));
    });
  const [first, ...rounds] = draws;
  let means: Rows = [points[Math.floor(first![0]! * points.length)]!];
  for (const uniform of first!.slice(1)) {
    const apart = points.map((point) => Math.min(...means.map((each) => squared(point, each))));
    const weights = apart.every((value) => value === 0) ? apart.map(() => 1) : apart;
    const goal = uniform * weights.reduce((total, value) => total + value, 0);
    let reached = 0;
    const place = weights.findIndex((value) => (reached += value) > goal);
    means = [...means, points[place < 0 ? points.length - 1 : place]!];
  }
  let replaced = 0;
  for (const [index, uniforms] of rounds.entries()) {
    const labels = nearest(means);
    const next = uniforms.map((uniform, k) => {
      const members = points.filter((_, i) => labels[i] === k);
      if (members.length > 0) return members[0]!.map((_, axis) => mean(members.map((member) => member[axis]!)));
      replaced++;
      return points[Math.floor(uniform * points.length)]!;
    });
    const moved = Math.sqrt(next.reduce((total, each, k) => total + squared(each, means[k]!), 0));
    means = next;
    if (moved < tolerance) return { means, labels: nearest(means), rounds: index + 1, replaced };
  }
  return { means, labels: nearest(means), rounds: rounds.length, replaced };
}

const random = new RandomStream(randomKey(5));
const cloud = (points: number, dim: number, centres: number): Rows => {
  const spots = Array.from({ length: centres }, () => Array.from({ length: dim }, () => 3 * random.normal()));
  return Array.from({ length: points }, (_, i) => spots[i % centres]!.map((value) => value + random.normal()));
};
const uniforms = (rounds: number, clusters: number): Rows =>
  Array.from({ length: rounds + 1 }, () => Array.from({ length: clusters }, () => random.uniform(0, 1)));
const labelsOf = ({ assignment }: KMeans): number[][] => tf.argMax(assignment, 2).arraySync() as number[][];

describe('kMeans', () => {
  it.each(['eager', 'compiled'] as const)(
    'agrees with loops, sets that settle at different times, %s',
    async (mode) => {
      // One set settles at once, one goes on, one has fewer distinct points than means.
      const sets = [cloud(12, 2, 3), cloud(12, 2, 9), cloud(12, 2, 1).map((_, i) => [i % 2, -1])];
      const draws = sets.map(() => uniforms(8, 4));
      const options = { clusters: 4, iterations: 8, tolerance: 1e-3 };
      const run = (points: tf.Tensor3D, numbers: tf.Tensor3D): KMeans => kMeans(points, numbers, options);
      const inputs = [tf.tensor3d(sets), tf.tensor3d(draws)] as const;
      const found = mode === 'compiled' ? await compile(run)(...inputs) : run(...inputs);
      const expected = sets.map((points, index) => naiveKMeans(points, draws[index]!, options.tolerance));
      expect(found.means).toBeAllClose(expected.map(({ means }) => means));
      expect(labelsOf(found)).toEqual(expected.map(({ labels }) => labels));
      expect(new Set(expected.map(({ rounds }) => rounds)).size).toBeGreaterThan(1);
      expect(expected[2]!.replaced).toBeGreaterThan(0);
    },
  );

  it('stops after its rounds', () => {
    const [points, draws] = [cloud(60, 2, 10), uniforms(20, 6)];
    const settled = naiveKMeans(points, draws, 1e-4).rounds;
    expect(settled).toBeGreaterThan(2);
    for (const iterations of [1, 2, settled, 20]) {
      const found = kMeans(tf.tensor3d([points]), tf.tensor3d([draws.slice(0, iterations + 1)]), {
        clusters: 6,
        iterations,
        tolerance: 1e-4,
      });
      expect(found.means).toBeAllClose([naiveKMeans(points, draws.slice(0, iterations + 1), 1e-4).means]);
    }
  });

  it('one mean is the mean; as many as points are the points', () => {
    const points = cloud(5, 2, 2);
    const run = (clusters: number): KMeans => {
      const options = { clusters, iterations: 3, tolerance: 1e-4 };
      return kMeans(tf.tensor3d([points]), tf.tensor3d([uniforms(3, clusters)]), options);
    };
    expect(run(1).means).toBeAllClose(tf.mean(tf.tensor3d([points]), 1, true));
    expect(labelsOf(run(5))[0]!.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });

  it('draws by its key', () => {
    const { data } = keyArray(randomKey(1));
    const drawn = kMeansDraws(tf.tensor1d(data, 'int32'), 3, { clusters: 4, iterations: 2, tolerance: 1 });
    expect(drawn.shape).toEqual([3, 3, 4]);
    expect(new Set(drawn.dataSync()).size).toBe(36);
  });
});
