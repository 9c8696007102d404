/**
 * Fixed-point weights of one axis of an antialiased bilinear resize.
 *
 * Output `i` is `sum over t < counts[i] of weights[i * taps + t] * input[starts[i] + t]`, divided by 2^22.
 */
export interface ResampleWeights {
  /** Stride of `weights`, in elements. */
  readonly taps: number;
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  /** True when no output needs more than two inputs (any enlargement): `seconds` then holds the second input. */
  readonly twoTaps: boolean;
  /** Index of the second input of each output, `starts[i]` where there is none (its weight is 0). */
  readonly seconds: Int32Array;
}

/** Fractional bits of a weight: 8-bit pixels times 22 bits, and their sum, stay within 32 signed bits. */
export const weightBits = 22;

const cacheLimit = 1024;
const cache = new Map<number, ResampleWeights>();

/**
 * Triangle filter widened by the reduction factor (never narrower than one pixel), normalised per output.
 *
 * Source: Pillow's `Resample.c` (`precompute_coeffs`, `normalize_coeffs_8bpc`), which torchvision calls for PIL images.
 */
export function resampleWeights(inputSize: number, outputSize: number): ResampleWeights {
  const cacheKey = inputSize * 2 ** 24 + outputSize;
  const known = cache.get(cacheKey);
  if (known !== undefined) return known;
  const made = compute(inputSize, outputSize);
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(cacheKey, made);
  return made;
}

function compute(inputSize: number, outputSize: number): ResampleWeights {
  const scale = inputSize / outputSize;
  const support = Math.max(scale, 1);
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const seconds = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * taps);
  const row = new Float64Array(taps);
  let most = 0;
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(center + support + 0.5)) - first;
    let total = 0;
    for (let t = 0; t < count; t++) {
      const weight = Math.max(0, 1 - Math.abs((t + first - center + 0.5) / support));
      row[t] = weight;
      total += weight;
    }
    for (let t = 0; t < count; t++) weights[i * taps + t] = Math.trunc(0.5 + (row[t]! / total) * 2 ** weightBits);
    starts[i] = first;
    counts[i] = count;
    seconds[i] = first + (count > 1 ? 1 : 0);
    most = Math.max(most, count);
  }
  return { taps, starts, counts, weights, seconds, twoTaps: most <= 2 };
}
