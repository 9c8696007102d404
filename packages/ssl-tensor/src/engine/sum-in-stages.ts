import * as tf from '@tensorflow/tfjs-core';
import { divisorOf } from '../graph/block-sums.js';
import { around, countOf, type DirectSums, isShort, longestOf, type Run, runsOf } from '../graph/long-sum.js';
import { sizeOf } from '../graph/value.js';

/** How many equal numbers TensorFlow adds to 1e-6; neighbours in memory on several lanes, rows one after the other. */
const direct: DirectSums = { neighbours: 2048, rows: 100, several: 64 };

/** Sums in float64, `[...runs]` to the runs that stay. */
function totals(values: ArrayLike<number>, runs: readonly Run[]): ArrayLike<number> {
  let sums = values;
  for (let index = runs.length - 1; index >= 0; index--) {
    if (!runs[index]!.summed) continue;
    const size = runs[index]!.size;
    const inner = sizeOf(runs.slice(index + 1).flatMap((run) => (run.summed ? [] : [run.size])));
    const outer = sums.length / (size * inner);
    const next = new Float64Array(outer * inner);
    for (let place = 0, row = 0; row < outer * size; row++) {
      const first = Math.floor(row / size) * inner;
      for (let column = 0; column < inner; column++) next[first + column]! += sums[place++]!;
    }
    sums = next;
  }
  return sums;
}

/** Sums over the blocks of the run at `index`, on the device; then over all summed runs. */
function sumOfBlocks(x: tf.Tensor, runs: readonly Run[], index: number, block: number): ArrayLike<number> {
  const [outer, length, inner] = around(runs, index);
  const sums = tf.sum(tf.reshape(x, [outer, length / block, block, inner]), 2);
  return totals(sums.dataSync(), runs.with(index, { size: length / block, summed: true }));
}

/**
 * Sum of float32, or mean of any numbers, over axes on tfjs-node in two stages: TensorFlow adds short blocks, and what is left of them, a
 * hundredth or less, is added in float64 here. Undefined where TensorFlow's own sum is as good: beyond that it adds one
 * number after the other, 2^16 rows of 0.1 lose 6e-4 (docs/decisions/009).
 */
export function sumInStages(
  x: tf.Tensor,
  axes: readonly number[],
  keepDims: boolean,
  isMean: boolean,
): tf.Tensor | undefined {
  const runs = runsOf(x.shape, axes);
  if (isShort(runs, direct)) return undefined;
  return tf.tidy(() => {
    const index = longestOf(runs);
    const [outer, length, inner] = around(runs, index);
    const most = inner === 1 ? direct.neighbours : direct.rows;
    const block = divisorOf(length, most / 4, most) ?? most;
    // What no block divides is a short end.
    const whole = length - (length % block);
    const rows = tf.reshape(tf.cast(x, 'float32'), [outer, length, inner]);
    const parts = [0, whole].map((start) => {
      const size = start === 0 ? whole : length - whole;
      if (size === 0) return undefined;
      const part = size === length ? rows : tf.slice(rows, [0, start, 0], [outer, size, inner]);
      return sumOfBlocks(part, runs.with(index, { size, summed: true }), index, start === 0 ? block : size);
    });
    const count = isMean ? countOf(runs) : 1;
    const [sums, rest] = parts;
    const result = Float32Array.from(sums!, (sum, place) => (sum + (rest?.[place] ?? 0)) / count);
    const kept = x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keepDims ? [1] : []));
    return tf.tensor(result, kept);
  });
}
