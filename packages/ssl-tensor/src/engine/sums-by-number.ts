import * as tf from '@tensorflow/tfjs-core';

/** Rows of one place that TensorFlow adds to 1e-6, one after the other. */
const few = 64;

/**
 * tf.unsortedSegmentSum of float32 on the host, in float64. Undefined where no place has so many rows that TensorFlow's
 * own sum is worse. Rows of a number that is no place are left out, as TensorFlow does.
 *
 * @param x `[rows, ...rest]`
 * @param numbers place of each row, int32 `[rows]`
 * @param places how many there are
 * @returns `[places, ...rest]`
 */
export function sumByNumber(x: tf.Tensor, numbers: tf.Tensor, places: number): tf.Tensor | undefined {
  const placeOf = numbers.dataSync();
  const counts = new Int32Array(places);
  for (const place of placeOf) if (place >= 0 && place < places) counts[place]!++;
  if (!counts.some((count) => count > few)) return undefined;
  const values = x.dataSync();
  const width = values.length / placeOf.length;
  // A table in float64 of the places alone that have rows: a vocabulary is far larger than a batch.
  const used = new Int32Array(places);
  let rows = 0;
  counts.forEach((count, place) => (used[place] = count === 0 ? -1 : rows++));
  const sums = new Float64Array(rows * width);
  placeOf.forEach((place, row) => {
    if (place < 0 || place >= places) return;
    const [from, to] = [row * width, used[place]! * width];
    for (let column = 0; column < width; column++) sums[to + column]! += values[from + column]!;
  });
  const result = new Float32Array(places * width);
  used.forEach((row, place) => {
    if (row >= 0) result.set(sums.subarray(row * width, (row + 1) * width), place * width);
  });
  return tf.tensor(result, [places, ...x.shape.slice(numbers.rank)]);
}
