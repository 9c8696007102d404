import { foldIn, type RandomKey, randomKey } from '@selfsup/ssl-core';

/** Key of all views of an epoch. */
export function epochViewKey(seed: number, epoch: number): RandomKey {
  return foldIn(foldIn(randomKey(seed), 'views'), epoch);
}

/**
 * Key of one sample's views; entry `v` of the views draws from it folded with `v`.
 *
 * @param copy how often the sample came before in the epoch: each copy has views of its own
 */
export function sampleViewKey(epochKey: RandomKey, index: number, copy = 0): RandomKey {
  const own = foldIn(epochKey, index);
  return copy === 0 ? own : foldIn(foldIn(own, 'copy'), copy);
}
