import { DataError } from '@selfsup/ssl-core';

/** What the header of a Zstandard frame says. */
export interface ZstdFrame {
  /** Bytes of the header. */
  readonly length: number;
  /** Bytes that a decoder must keep. */
  readonly windowSize: number;
  /** Bytes of the whole frame after decompression, where the header tells. */
  readonly contentSize: number | undefined;
  /** Whether four bytes of checksum follow the last block. */
  readonly checksum: boolean;
}

/** Longest header. */
export const maxZstdHeader = 18;

/** Zstandard's blocks hold at most this, before and after decompression. */
export const maxZstdBlock = 2 ** 17;

/** What every decoder should take by RFC 8878, 3.1.1.1.2, and what `zstd` up to level 19 asks for. */
const maxWindow = 2 ** 23;

/** Whether a file starts as Zstandard does: with a frame, or with one that is to be passed over. */
export function startsAsZstd(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = littleEndian(head, 0, 4);
  return magic === 0xfd2fb528 || isSkippable(magic);
}

/** Whether the frame with this first number is one for other programs. */
export function isSkippable(magic: number): boolean {
  return magic >= 0x184d2a50 && magic <= 0x184d2a5f;
}

/** An unsigned integer of up to eight bytes, rounded beyond 2^53. */
export function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
  return value;
}

/**
 * Reads a frame's header.
 *
 * @param head the frame's first bytes, magic number included
 * @returns undefined when `head` ends within the header
 * @throws DataError for reserved bits, a dictionary, or a window beyond 8 MiB
 * Source: RFC 8878, 3.1.1.1.
 */
export function parseZstdFrame(path: string, offset: number, head: Uint8Array): ZstdFrame | undefined {
  if (head.length < 5) return undefined;
  const descriptor = head[4]!;
  if ((descriptor & 8) !== 0)
    throw new DataError('Zstandard frame uses a reserved bit; fetch the file again', { path, offset: offset + 4 });
  const single = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const length = 5 + (single ? 0 : 1) + dictionaryBytes + sizeBytes;
  if (head.length < length) return undefined;
  const dictionaryAt = length - sizeBytes - dictionaryBytes;
  if (littleEndian(head, dictionaryAt, dictionaryBytes) !== 0)
    throw new DataError('needs a Zstandard dictionary; compress the file anew without one', { path, offset });
  const contentSize =
    sizeBytes === 0 ? undefined : littleEndian(head, length - sizeBytes, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const base = 2 ** (10 + (head[5]! >> 3));
  const windowSize = single ? contentSize! : base + (base / 8) * (head[5]! & 7);
  if (windowSize > maxWindow)
    throw new DataError(
      `Zstandard frame asks for ${windowSize} bytes of window, the limit is ${maxWindow}; compress the file anew without --ultra and --long`,
      { path, offset },
    );
  return { length, windowSize, contentSize, checksum: (descriptor & 4) !== 0 };
}
