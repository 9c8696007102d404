import * as tf from '@tensorflow/tfjs-core';

/** Rows of one place that TensorFlow adds to 1e-6, one after the other. */
const few = 64;

/**
 * tf.unsortedSegmentSum of float32 on tfjs-node in two stages: TensorFlow adds blocks of a place's rows, and their sums are
 * added in float64 here. Undefined where no place has more rows than a block. Rows of a number that is no place are left
 * out, as by TensorFlow.
 *
 * @param x `[rows, ...rest]`
 * @param numbers place of each row, int32 `[rows]`
 * @param places how many there are
 * @returns `[places, ...rest]`
 */
export function sumByNumber(x: tf.Tensor, numbers: tf.Tensor, places: number): tf.Tensor | undefined {
  const counts = new Int32Array(places);
  const blockOf = new Int32Array(places);
  /** Place of each block. */
  const owners: number[] = [];
  const blocks = Int32Array.from(numbers.dataSync(), (place) => {
    if (place < 0 || place >= places) return -1;
    if (counts[place]!++ % few === 0) blockOf[place] = owners.push(place) - 1;
    return blockOf[place]!;
  });
  const used = [...new Set(owners)];
  if (used.length === owners.length) return undefined;
  return tf.tidy(() => {
    const rows = tf.reshape(x, [blocks.length, -1]);
    const width = rows.shape[1]!;
    const sums = tf.unsortedSegmentSum(rows, tf.tensor1d(blocks, 'int32'), owners.length).dataSync();
    const rowOf = new Map(used.map((place, row) => [place, row]));
    const totals = new Float64Array(used.length * width);
    owners.forEach((place, block) => {
      const first = rowOf.get(place)! * width;
      for (let column = 0; column < width; column++) totals[first + column]! += sums[block * width + column]!;
    });
    // Each place has one row now.
    const total = tf.tensor2d(Float32Array.from(totals), [used.length, width]);
    const table = tf.unsortedSegmentSum(total, tf.tensor1d(used, 'int32'), places);
    return tf.reshape(table, [places, ...x.shape.slice(1)]);
  });
}
