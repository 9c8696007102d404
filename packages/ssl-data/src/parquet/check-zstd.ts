import { DataError } from '@selfsup/ssl-core';

const maxBlockBytes = 2 ** 17;

/**
 * Refuses frames whose blocks claim more literals and matches than `length` bytes can hold. fzstd believes such claims
 * and would copy for minutes.
 *
 * @throws DataError
 * Source: RFC 8878, sections 3.1.1 (frames and blocks) and 3.1.1.3 (literals and sequences).
 */
export function checkZstd(bytes: Buffer, length: number): void {
  const byte = (at: number): number => {
    const value = bytes[at];
    if (value === undefined) throw new DataError('a zstd frame ends too early');
    return value;
  };
  let atLeast = 0;
  for (let at = 0; at < bytes.length;) {
    const magic = byte(at) + byte(at + 1) * 2 ** 8 + byte(at + 2) * 2 ** 16 + byte(at + 3) * 2 ** 24;
    if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) {
      byte(at + 7);
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== 0xfd2fb528) throw new DataError('a page is no zstd frame');
    const flags = byte(at + 4);
    const isSingle = (flags & 32) !== 0;
    at += 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][flags & 3]! + [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
    for (let isLast = false; !isLast;) {
      const head = byte(at) + byte(at + 1) * 2 ** 8 + byte(at + 2) * 2 ** 16;
      const [type, size] = [(head >> 1) & 3, head >> 3];
      isLast = (head & 1) === 1;
      const made = type === 2 ? leastBytes(byte, at + 3) : size;
      atLeast += made;
      if (type === 3 || size > maxBlockBytes || made > maxBlockBytes || atLeast > length)
        throw new DataError(`a zstd page makes more than the ${length} bytes that it says`);
      at += 3 + (type === 1 ? 1 : size);
    }
    if ((flags & 4) !== 0) at += 4;
  }
}

/** Bytes that a compressed block makes at least: its literals, and three for each match. */
function leastBytes(byte: (at: number) => number, at: number): number {
  const format = (byte(at) >> 2) & 3;
  const isCompressed = (byte(at) & 3) >= 2;
  // Bits of a size and bytes of the header, by format.
  const bits = isCompressed ? [10, 10, 14, 18][format]! : [5, 12, 5, 20][format]!;
  const headBytes = isCompressed ? [3, 3, 4, 5][format]! : [1, 2, 1, 3][format]!;
  let head = 0;
  for (let index = headBytes; index-- > 0;) head = head * 256 + byte(at + index);
  const sizes = Math.floor(head / (bits === 5 ? 8 : 16));
  const literals = sizes % 2 ** bits;
  const stored = isCompressed ? Math.floor(sizes / 2 ** bits) : (byte(at) & 3) === 1 ? 1 : literals;
  const next = at + headBytes + stored;
  const first = byte(next);
  if (first < 128) return literals + 3 * first;
  const matches = first < 255 ? (first - 128) * 256 + byte(next + 1) : byte(next + 1) + byte(next + 2) * 256 + 0x7f00;
  return literals + 3 * matches;
}
