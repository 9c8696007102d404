import type { StringTable } from './string-table.js';

/** The same strings in ascending order by code unit, as JavaScript compares strings. The bytes stay where they are. */
export function sortStrings({ bytes, offsets, lengths }: StringTable): StringTable {
  const order = new Uint32Array(lengths.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  order.sort((a, b) => compare(bytes, offsets[a]!, lengths[a]!, offsets[b]!, lengths[b]!));
  const sortedOffsets = new Float64Array(new SharedArrayBuffer(8 * order.length));
  const sortedLengths = new Int32Array(new SharedArrayBuffer(4 * order.length));
  order.forEach((from, to) => {
    sortedOffsets[to] = offsets[from]!;
    sortedLengths[to] = lengths[from]!;
  });
  return { bytes, offsets: sortedOffsets, lengths: sortedLengths };
}

function compare(bytes: Uint8Array, a: number, aLength: number, b: number, bLength: number): number {
  const shared = Math.min(aLength, bLength);
  for (let i = 0; i < shared; i++) {
    const left = bytes[a + i]!;
    const right = bytes[b + i]!;
    if (left !== right) return rank(left) - rank(right);
  }
  return aLength - bLength;
}

/** UTF-16 has surrogates, and so what UTF-8 begins with 0xf0 and above, before U+E000 to U+FFFF (0xee, 0xef). */
function rank(byte: number): number {
  return byte === 0xee || byte === 0xef ? byte + 0x100 : byte;
}
