import type { RandomStream } from '@selfsup/ssl-core';

/** A copy with one bit flipped, and which. */
export function flipBit(
  bytes: Uint8Array,
  random: RandomStream,
): { readonly bytes: Uint8Array; readonly what: string } {
  const copy = Uint8Array.from(bytes);
  const [at, bit] = [random.integer(copy.length), random.integer(8)];
  copy[at]! ^= 1 << bit;
  return { bytes: copy, what: `flip bit ${bit} of byte ${at}` };
}
