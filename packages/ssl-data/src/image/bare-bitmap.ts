/**
 * First bytes of a BMP without the header of the file, as `.dib` files and Windows's clipboard have it: the size of the
 * header, the picture's sides, one plane, bits of a pixel.
 */
export const bareBitmap =
  /^(?:\x0c\0{3}.{4}|[\x28\x34\x38\x40\x6c\x7c]\0{3}.{8})\x01\0[\x01\x02\x04\x08\x10\x18\x20]\0/s;

const fileHeaderBytes = 14;
const headBytes = 16;

/**
 * Puts the header of a BMP file before a bitmap that has none; other bytes are given back as they are.
 *
 * @param bytes a whole file
 * Source: Microsoft's BITMAPFILEHEADER. The place of the pixels stays 0: right behind the other headers.
 */
export function withBmpHeader(bytes: Uint8Array): Uint8Array {
  if (!bareBitmap.test(String.fromCharCode(...bytes.subarray(0, headBytes)))) return bytes;
  const whole = new Uint8Array(fileHeaderBytes + bytes.length);
  whole.set([0x42, 0x4d]);
  whole.set(bytes, fileHeaderBytes);
  return whole;
}
