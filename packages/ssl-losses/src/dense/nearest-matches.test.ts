import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { draw, sum, type Rows } from '../../../../test/golden/losses/redundancy.js';
import { nearestMatches } from './nearest-matches.js';

/** The matches of one image by loops in float64: pairs of places, closest first. */
function naive(from: Rows, to: Rows, count: number): (readonly [number, number])[] {
  const pairs = from.map((row, i) => {
    const distances = to.map((other) => sum(row.map((x, d) => (x - other[d]!) ** 2)));
    return { pair: [i, distances.indexOf(Math.min(...distances))] as const, distance: Math.min(...distances) };
  });
  return pairs
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ pair }) => pair);
}

it.each(['eager', 'compiled'] as const)('nearestMatches keeps the closest pairs of each image, %s', async (mode) => {
  const [from, to, here, there] = [draw(1, 10, 3), draw(2, 8, 3), draw(3, 10, 2), draw(4, 8, 2)];
  for (const count of [1, 3, 9]) {
    const expected = [0, 1].map((image) =>
      naive(here.slice(5 * image, 5 * image + 5), there.slice(4 * image, 4 * image + 4), count).map(
        ([i, j]) => [from[5 * image + i]!, to[4 * image + j]!] as const,
      ),
    );
    const run = (a: tf.Tensor, b: tf.Tensor): tf.Tensor[] => [
      ...nearestMatches(
        tf.reshape(a, [2, 5, 3]),
        tf.reshape(b, [2, 4, 3]),
        tf.reshape(tf.tensor2d(here), [2, 5, 2]),
        tf.reshape(tf.tensor2d(there), [2, 4, 2]),
        count,
      ),
    ];
    const [a, b] = [tf.tensor2d(from), tf.tensor2d(to)];
    const [chosen, neighbours] = mode === 'compiled' ? await compile(run)(a, b) : run(a, b);
    expect(chosen!).toBeAllClose(expected.map((image) => image.map(([row]) => row)));
    expect(neighbours!).toBeAllClose(expected.map((image) => image.map(([, row]) => row)));
  }
});
