import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** By the colour type of a PNG file, how many numbers a pixel has; those of a palette are colours. */
const channels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/** What the header of a PNG file says. */
export interface PngSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** @throws InvalidOptionError for what is no PNG file, saying how to make one */
export function pngSize(where: string, png: unknown): PngSize {
  if (png instanceof Uint8Array && png.length >= 33) {
    const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
    const count = channels[bytes[25]!];
    if (bytes.subarray(0, 8).equals(signature) && bytes.toString('latin1', 12, 16) === 'IHDR' && count !== undefined)
      return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), channels: count };
  }
  const advice = 'Of pixels they are await sharp(pixels, { raw: { width, height, channels: 3 } }).png().toBuffer()';
  throw new InvalidOptionError(where, 'png', 'the bytes of a PNG file', png, advice);
}
