import { DataError } from '@selfsup/ssl-core';

/** Fixed-point weights of one axis: output `i` takes `counts[i]` inputs (at least one) from `starts[i]` on. */
export interface AxisWeights {
  /** Stride of `weights`, in elements. */
  readonly taps: number;
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** Of 2^22: 8-bit pixels times 22 bits, and their sum, stay within 32 signed bits. */
  readonly weights: Int32Array;
}

/** Weights that are kept, in all, elements. */
const cacheLimit = 2 ** 22;
/** Weights of one axis at most, elements: an axis of some 8 million pixels. */
const maxWeights = 2 ** 24;

/** Gives the weights from one length to another, of `count` outputs from `first` on; default all of them. */
export type WeightsOf = (inputSize: number, outputSize: number, first?: number, count?: number) => AxisWeights;

/**
 * Makes the weights of a resampling filter, which is widened by the reduction factor (never narrower than its own
 * support) and normalised per output. The last ones are kept.
 *
 * @param support distance from which on the filter is 0, in input pixels where nothing is reduced
 * @param filter by the distance
 * @returns what throws DataError for an axis that is too long
 * Source: Pillow's `Resample.c` (`precompute_coeffs`, `normalize_coeffs_8bpc`), which torchvision calls for PIL images.
 */
export function filterWeights(support: number, filter: (distance: number) => number): WeightsOf {
  const cache = new Map<string, AxisWeights>();
  let kept = 0;
  return (inputSize, outputSize, first = 0, count = outputSize) => {
    const cacheKey = `${inputSize} ${outputSize} ${first} ${count}`;
    const known = cache.get(cacheKey);
    if (known !== undefined) return known;
    const made = compute(inputSize, outputSize, first, count, support, filter);
    kept += made.weights.length;
    if (kept > cacheLimit) {
      cache.clear();
      kept = made.weights.length;
    }
    if (kept <= cacheLimit) cache.set(cacheKey, made);
    else kept = 0;
    return made;
  };
}

function compute(
  inputSize: number,
  outputSize: number,
  begin: number,
  outputs: number,
  support: number,
  filter: (distance: number) => number,
): AxisWeights {
  const scale = inputSize / outputSize;
  const widening = Math.max(scale, 1);
  const reach = support * widening;
  const taps = Math.ceil(reach) * 2 + 1;
  if (outputs * taps > maxWeights)
    throw new DataError(
      `a side of ${inputSize} pixels cannot be resized to ${outputSize}; make the picture smaller first, or remove it`,
    );
  const starts = new Int32Array(outputs);
  const counts = new Int32Array(outputs);
  const weights = new Int32Array(outputs * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < outputs; i++) {
    const center = (begin + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const count = Math.min(inputSize, Math.trunc(center + reach + 0.5)) - first;
    let total = 0;
    for (let t = 0; t < count; t++) {
      const weight = filter((t + first - center + 0.5) / widening);
      row[t] = weight;
      total += weight;
    }
    for (let t = 0; t < count; t++) {
      const weight = (row[t]! / total) * 2 ** 22;
      weights[i * taps + t] = Math.trunc(weight + (weight < 0 ? -0.5 : 0.5));
    }
    starts[i] = first;
    counts[i] = count;
  }
  return { taps, starts, counts, weights };
}
