const headerSizes: readonly number[] = [12, 40, 52, 56, 64, 108, 124];
const depths: readonly number[] = [1, 2, 4, 8, 16, 24, 32];

/**
 * Whether bytes begin as a BMP without the header of the file does, as `.dib` files and Windows's clipboard have it: the
 * size of the header, the picture's sides, one plane, bits of a pixel.
 */
export function isBareBitmap(head: Uint8Array): boolean {
  const [size, b, c, d] = head;
  if (!headerSizes.includes(size!) || b !== 0 || c !== 0 || d !== 0) return false;
  const planes = size === 12 ? 8 : 12;
  return head[planes] === 1 && head[planes + 1] === 0 && depths.includes(head[planes + 2]!) && head[planes + 3] === 0;
}

const fileHeaderBytes = 14;

/**
 * Puts the header of a BMP file before a bitmap that has none; other bytes are given back as they are.
 *
 * @param bytes a whole file
 * Source: Microsoft's BITMAPFILEHEADER. The place of the pixels stays 0: right behind the other headers.
 */
export function withBmpHeader(bytes: Uint8Array): Uint8Array {
  if (!isBareBitmap(bytes)) return bytes;
  const whole = new Uint8Array(fileHeaderBytes + bytes.length);
  whole.set([0x42, 0x4d]);
  whole.set(bytes, fileHeaderBytes);
  return whole;
}
