import { ProtoMessage } from './proto-message.js';

/** As many as TensorBoard draws. */
const buckets = 30;

/** How values are spread: counts of buckets of one width between the least and the largest finite value. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** Upper ends. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
  /** Values that are NaN or infinite, and counted nowhere else. */
  readonly nonFinite: number;
}

/** @returns undefined where no value is finite */
export function histogramOf(values: ArrayLike<number>): Histogram | undefined {
  let [min, max, count, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    count++;
    sum += value;
    sumOfSquares += value * value;
  }
  if (count === 0) return undefined;
  // Halves: the difference of two finite numbers may be infinite.
  const half = max / 2 - min / 2;
  const used = half > 0 ? buckets : 1;
  const counts = Array.from({ length: used }, () => 0);
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) continue;
    const place = half > 0 ? Math.floor(((value / 2 - min / 2) / half) * used) : 0;
    counts[Math.min(place, used - 1)]!++;
  }
  const limits = counts.map((_, index) => {
    const part = half * ((index + 1) / used);
    return index === used - 1 ? max : Math.min(min + part + part, max);
  });
  return { min, max, count, sum, sumOfSquares, limits, counts, nonFinite: values.length - count };
}

/** `HistogramProto` of `tensorflow/core/framework/summary.proto`. */
export function encodeHistogram({ min, max, count, sum, sumOfSquares, limits, counts }: Histogram): ProtoMessage {
  return new ProtoMessage()
    .double(1, min)
    .double(2, max)
    .double(3, count)
    .double(4, sum)
    .double(5, sumOfSquares)
    .doubles(6, limits)
    .doubles(7, counts);
}
