import type { AxisWeights } from './kernels/resample-box.js';

const cacheLimit = 1024;
const cache = new Map<number, AxisWeights>();

/**
 * Triangle filter widened by the reduction factor (never narrower than one pixel), normalised per output.
 *
 * Source: Pillow's `Resample.c` (`precompute_coeffs`, `normalize_coeffs_8bpc`), which torchvision calls for PIL images.
 */
export function resampleWeights(inputSize: number, outputSize: number): AxisWeights {
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
  const support = Math.max(scale, 1);
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
      const weight = Math.max(0, 1 - Math.abs((t + first - center + 0.5) / support));
      row[t] = weight;
      total += weight;
    }
    for (let t = 0; t < count; t++) weights[i * taps + t] = Math.trunc(0.5 + (row[t]! / total) * 2 ** 22);
    starts[i] = first;
    counts[i] = count;
  }
  return { taps, starts, counts, weights };
}
