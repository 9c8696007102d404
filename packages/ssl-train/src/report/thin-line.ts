import type { Measurement } from './line-chart.js';

/**
 * A line with at most so many points that looks the same: of each of equally many points in a row the first, the least, the
 * greatest and the last stay.
 *
 * Source: Jugel et al. 2014 (M4), doi 10.14778/2732951.2732953, with parts of equal count.
 *
 * @param most at least 4
 */
export function thinLine(values: readonly Measurement[], most: number): readonly Measurement[] {
  if (values.length <= most) return values;
  const parts = Math.floor(most / 4);
  const kept: Measurement[] = [];
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * values.length) / parts);
    const end = Math.floor(((part + 1) * values.length) / parts);
    let [least, greatest] = [from, from];
    for (let index = from; index < end; index++) {
      const { value } = values[index]!;
      // A first value that is no number is no extreme.
      if (value < values[least]!.value || Number.isNaN(values[least]!.value)) least = index;
      if (value > values[greatest]!.value || Number.isNaN(values[greatest]!.value)) greatest = index;
    }
    for (const index of [...new Set([from, least, greatest, end - 1])].sort((a, b) => a - b)) kept.push(values[index]!);
  }
  return kept;
}
