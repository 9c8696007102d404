import type { AxisWeights } from './kernels/resample-box.js';

const cacheLimit = 1024;
const cache = new Map<number, AxisWeights>();

/** Keys' cubic with a = -0.5, zero from 2 on. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/**
 * Cubic filter widened by the reduction factor, normalised per output.
 *
 * Source: Keys 1981, "Cubic convolution interpolation for digital image processing"; Pillow's `Resample.c`
 * (`precompute_coeffs`, `normalize_coeffs_8bpc`).
 */
export function bicubicWeights(inputSize: number, outputSize: number): AxisWeights {
  const cacheKey = inputSize * 2 ** 24 + outputSize;
  const known = cache.get(cacheKey);
  if (known !== undefined) return known;
  const made = compute(inputSize, outputSize);
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(cacheKey, made);
  return made;
}

function compute(inputSize: number, outputSize: number): AxisWeights {
  const scale = inputSize / outputSize;
  const widening = Math.max(scale, 1);
  const support = 2 * widening;
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(center + support + 0.5)) - first;
    let total = 0;
    for (let t = 0; t < count; t++) {
      const weight = cubic((t + first - center + 0.5) / widening);
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
