import type { AxisWeights } from './kernels/resample-box.js';

const cacheLimit = 1024;

/**
 * Makes the weights of a resampling filter, which is widened by the reduction factor (never narrower than its own
 * support) and normalised per output. The last thousand pairs of sizes are kept.
 *
 * @param support distance from which on the filter is 0, in input pixels where nothing is reduced
 * @param filter by the distance
 * Source: Pillow's `Resample.c` (`precompute_coeffs`, `normalize_coeffs_8bpc`), which torchvision calls for PIL images.
 */
export function filterWeights(
  support: number,
  filter: (distance: number) => number,
): (inputSize: number, outputSize: number) => AxisWeights {
  const cache = new Map<number, AxisWeights>();
  return (inputSize, outputSize) => {
    const cacheKey = inputSize * 2 ** 24 + outputSize;
    const known = cache.get(cacheKey);
    if (known !== undefined) return known;
    const made = compute(inputSize, outputSize, support, filter);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(cacheKey, made);
    return made;
  };
}

function compute(
  inputSize: number,
  outputSize: number,
  support: number,
  filter: (distance: number) => number,
): AxisWeights {
  const scale = inputSize / outputSize;
  const widening = Math.max(scale, 1);
  const reach = support * widening;
  const taps = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < outputSize; i++) {
    const center = (i + 0.5) * scale;
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
