import type { Measurement } from './line-chart.js';

/** Points of a line below which its mean would say no more than it does. */
const least = 20;
/** Share of a line over which the mean is taken. */
const share = 1 / 20;

/**
 * The mean of a line's neighbourhood, a twentieth of its points with the point itself in the middle (fewer at the ends, as
 * many on both sides). Values that are not finite do not count.
 *
 * @returns nothing for a line of few points
 */
export function smoothedLine(values: readonly Measurement[]): readonly Measurement[] {
  if (values.length < least) return [];
  const half = Math.max(1, Math.round((values.length * share) / 2));
  const sums = new Float64Array(values.length + 1);
  const counts = new Uint32Array(values.length + 1);
  for (const [index, { value }] of values.entries()) {
    const counted = Number.isFinite(value);
    sums[index + 1] = sums[index]! + (counted ? value : 0);
    counts[index + 1] = counts[index]! + (counted ? 1 : 0);
  }
  return values.map(({ step }, index) => {
    const reach = Math.min(half, index, values.length - 1 - index);
    const [from, end] = [index - reach, index + reach + 1];
    return { step, value: (sums[end]! - sums[from]!) / (counts[end]! - counts[from]!) };
  });
}
