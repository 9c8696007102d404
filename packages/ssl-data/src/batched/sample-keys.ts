import type { RandomKey } from '@selfsup/ssl-core';
import { epochViewKey, sampleViewKey } from '../loader/view-keys.js';

/**
 * The keys of samples in an epoch, as a `DataLoader` of the same seed has them: views then draw what its workers would.
 *
 * @param indices numbers of the samples, as in a batch's `index`
 * @returns one key per sample
 */
export function sampleKeys(seed: number, epoch: number, indices: Iterable<number>): readonly RandomKey[] {
  const epochKey = epochViewKey(seed, epoch);
  return Array.from(indices, (index) => sampleViewKey(epochKey, index));
}
