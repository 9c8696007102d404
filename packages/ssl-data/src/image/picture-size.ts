import type { ImageFormat } from './image-format.js';

/** Width and height, pixels, before any turn. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The size of a PNG or WebP by its first bytes, and whether it holds 16 bits.
 *
 * @param head first `formatBytes` bytes
 * @returns `undefined` for other formats, and where the header is not where it belongs
 * Source: W3C PNG (IHDR), RFC 9649 (VP8X, VP8L), RFC 6386 section 9.1 (VP8).
 */
export function pictureSize(
  format: ImageFormat,
  head: Uint8Array,
): (PictureSize & { readonly bits: number }) | undefined {
  if (head.length < 30) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const text = (at: number): string => String.fromCharCode(...head.subarray(at, at + 4));
  if (format === 'png')
    return text(12) === 'IHDR' ? { width: view.getUint32(16), height: view.getUint32(20), bits: head[24]! } : undefined;
  if (format !== 'webp') return undefined;
  const u24 = (at: number): number => view.getUint16(at, true) | (head[at + 2]! << 16);
  if (text(12) === 'VP8X') return { width: u24(24) + 1, height: u24(27) + 1, bits: 8 };
  if (text(12) === 'VP8L') {
    const packed = view.getUint32(21, true);
    return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1, bits: 8 };
  }
  if (text(12) !== 'VP8 ') return undefined;
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, bits: 8 };
}

/** Sides beyond which libvips complains on the standard error output before it refuses a picture. */
const maxSide = 10_000_000;

/**
 * Whether an AVIF claims a side that no picture has.
 *
 * Source: ISO/IEC 23008-12, section 6.5.3 (`ispe`: version and flags, width, height).
 */
export function claimsTooMuch(avif: Uint8Array): boolean {
  const bytes = Buffer.from(avif.buffer, avif.byteOffset, avif.length);
  for (
    let at = bytes.indexOf('ispe', 0, 'latin1');
    at >= 0 && at + 16 <= bytes.length;
    at = bytes.indexOf('ispe', at + 4, 'latin1')
  )
    if (Math.max(bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)) > maxSide) return true;
  return false;
}
