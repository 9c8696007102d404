import { open } from 'node:fs/promises';
import { DataError, ndArray } from 'ssl-tensor/host';
import { formatBytes, imageFormat } from './image-format.js';
import type { Image } from './image.js';

/** How image files become arrays; plain data. */
export interface ImageDecoding {
  /** 3 = RGB, 1 = grey. Default 3. */
  readonly channels?: 1 | 3;
  /**
   * Brings images to one size while decoding (JPEGs are then decoded at reduced size): `cover` cuts what sticks out,
   * `contain` pads with black, `stretch` distorts, `inside` keeps the proportions and so gives unequal sizes.
   */
  readonly resize?: {
    readonly width: number;
    readonly height: number;
    readonly fit: 'cover' | 'contain' | 'stretch' | 'inside';
  };
  /** Largest number of pixels of a file. Default 268,402,689 (16,383 x 16,383). */
  readonly maxPixels?: number;
}

/**
 * Decodes an image file: JPEG, PNG, WebP, AVIF, TIFF or GIF; first frame, upright by its EXIF orientation, 8 bits (the
 * upper ones of 16), RGB or grey, without alpha, which is dropped and not blended.
 *
 * CMYK goes through colour profiles, the file's own or a common one, and so differs from Pillow's formula by up to some
 * 50 levels. Colour becomes grey by ITU-R 601 luma, as in Pillow and torchvision.
 *
 * @param file path, or the file's bytes
 * @returns `[height, width, channels]`
 * @throws DataError when the file is missing, damaged, cut short, of another format or too large
 */
export async function decodeImage(file: string | Uint8Array, decoding: ImageDecoding = {}): Promise<Image> {
  const { channels = 3, resize, maxPixels = 16383 * 16383 } = decoding;
  const { default: sharp } = await import('sharp');
  const path = typeof file === 'string' ? file : 'image in memory';
  try {
    const head = typeof file === 'string' ? await readHead(file) : file.subarray(0, formatBytes);
    if (imageFormat(head) === undefined)
      throw new DataError(
        `cannot be decoded: ${head.length === 0 ? 'empty' : 'no JPEG, PNG, WebP, AVIF, TIFF or GIF'}; replace or remove the file`,
        { path, offset: 0 },
      );
    let pipeline = sharp(file, { limitInputPixels: maxPixels, failOn: 'error' }).autoOrient();
    if (resize !== undefined) {
      pipeline = pipeline.resize({
        width: resize.width,
        height: resize.height,
        fit: resize.fit === 'stretch' ? 'fill' : resize.fit,
        background: '#000',
      });
    }
    const { data, info } = await pipeline
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pixels = info.height * info.width;
    if (info.channels !== 3 || data.length !== 3 * pixels)
      throw new DataError(`decoded to ${info.channels} channels, expected 3; replace or remove the file`, { path });
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return ndArray(channels === 1 ? greyOf(bytes) : bytes, [info.height, info.width, channels]);
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(
      `cannot be decoded: ${cause instanceof Error ? cause.message : String(cause)}; replace or remove the file`,
      { path, cause },
    );
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(formatBytes), 0, formatBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** ITU-R 601 luma in 16-bit fixed point, as Pillow rounds it. */
function greyOf(rgb: Uint8Array): Uint8Array<ArrayBuffer> {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0, from = 0; i < grey.length; i++, from += 3)
    grey[i] = (rgb[from]! * 19595 + rgb[from + 1]! * 38470 + rgb[from + 2]! * 7471 + 0x8000) >> 16;
  return grey;
}
