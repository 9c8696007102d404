import type { Sampler } from './sampler.js';

/** How many times each sample came before in the epoch, `[length]`: from the sampler, or counted in its order. */
export function copiesOf(sampler: Sampler, epoch: number, indices: Int32Array): Int32Array {
  if (sampler.copies !== undefined) return sampler.copies(epoch);
  let last = -1;
  for (const index of indices) last = Math.max(last, index);
  const seen = new Int32Array(last + 1);
  return indices.map((index) => seen[index]!++);
}
