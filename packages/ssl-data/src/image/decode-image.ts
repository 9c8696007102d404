import { DataError, ndArray } from 'ssl-tensor/host';
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
 * Decodes an image file: first frame, upright by its EXIF orientation, 8 bits, RGB or grey, without alpha.
 *
 * @param file path, or the file's bytes
 * @returns `[height, width, channels]`
 * @throws DataError when the file is missing, damaged, no image or too large
 */
export async function decodeImage(file: string | Uint8Array, decoding: ImageDecoding = {}): Promise<Image> {
  const { channels = 3, resize, maxPixels = 16383 * 16383 } = decoding;
  const { default: sharp } = await import('sharp');
  const path = typeof file === 'string' ? file : 'image in memory';
  try {
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
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels)
      throw new DataError(`decoded to ${info.channels} channels, expected ${channels}`, { path });
    return ndArray(new Uint8Array(data.buffer, data.byteOffset, data.length), [info.height, info.width, channels]);
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(
      `cannot be decoded: ${cause instanceof Error ? cause.message : String(cause)}; replace or remove the file`,
      { path, cause },
    );
  }
}
