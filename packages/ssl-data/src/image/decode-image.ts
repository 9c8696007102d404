import { closeSync, open, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { DataError, ndArray } from 'ssl-core';
import { readWithoutWaiting, regularStats } from '../io/regular-descriptor.js';
import { decodeJpeg } from './decode-jpeg.js';
import { formatBytes, imageFormat } from './image-format.js';
import type { Image } from './image.js';
import { jpegStructure } from './jpeg-structure.js';
import type { PixelMemory } from './pixel-memory.js';

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
 * Plain JPEGs, which need nothing but decoding, are decoded in the calling thread by libjpeg-turbo, all else by sharp in
 * its own threads; the pixels do not depend on it.
 *
 * @param file path, or the file's bytes
 * @param memory where the pixels may be put; default new memory
 * @returns `[height, width, channels]`
 * @throws DataError when the file is missing, damaged, cut short, of another format or too large
 */
export async function decodeImage(
  file: string | Uint8Array,
  decoding: ImageDecoding = {},
  memory?: PixelMemory,
): Promise<Image> {
  const { channels = 3, resize, maxPixels = 16383 * 16383 } = decoding;
  const path = typeof file === 'string' ? file : 'image in memory';
  try {
    const { bytes, whole } = typeof file === 'string' ? await readImage(file) : { bytes: file, whole: true };
    const format = imageFormat(bytes.subarray(0, formatBytes));
    if (format === undefined)
      throw new DataError(
        `cannot be decoded: ${bytes.length === 0 ? 'empty' : 'no JPEG, PNG, WebP, AVIF, TIFF or GIF'}; replace or remove the file`,
        { path, offset: 0 },
      );
    if (format === 'jpeg' && whole) {
      const { cut, plain } = jpegStructure(bytes);
      if (cut)
        throw new DataError('cannot be decoded: its picture has no end; replace or remove the file', {
          path,
          offset: bytes.length,
        });
      if (plain !== undefined && resize === undefined && plain.width * plain.height <= maxPixels) {
        const image = await decodeJpeg(bytes, plain, memory);
        if (image !== undefined) return withChannels(image, channels, memory);
      }
    }
    const { default: sharp } = await import('sharp');
    let pipeline = sharp(whole ? bytes : file, { limitInputPixels: maxPixels, failOn: 'error' }).autoOrient();
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
    if (info.channels !== 3 || data.length !== 3 * info.height * info.width)
      throw new DataError(`decoded to ${info.channels} channels, expected 3; replace or remove the file`, { path });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return withChannels(ndArray(pixels, [info.height, info.width, 3]), channels, memory);
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(
      `cannot be decoded: ${cause instanceof Error ? cause.message : String(cause)}; replace or remove the file`,
      { path, cause },
    );
  }
}

/** Bytes of a file that is read here; a larger one is read by the decoder, piece by piece. */
const maxWholeBytes = 2 ** 25;

/** Nobody has larger pictures; sparse files may claim any size. */
const maxFileBytes = 2 ** 32;

const openFile = promisify(open);
const readFile = promisify(read);

/** Milliseconds that opening and reading may take in the calling thread. What the system holds takes some 0.05. */
const slowRead = 0.5;
/** Milliseconds for which files are read by other threads, several at a time, after one that took longer. */
const slowSpell = 1000;
const storage = { slowUntil: 0 };

/**
 * A file's bytes, or of a large one the first, which show its format.
 *
 * A worker reads by itself while the storage answers at once: a change of threads takes as long as reading a photo that
 * the system holds. Storage that answers no more then blocks the worker, which its loader notices.
 */
async function readImage(path: string): Promise<{ readonly bytes: Uint8Array; readonly whole: boolean }> {
  const start = performance.now();
  const here = !isMainThread && start >= storage.slowUntil;
  const file = here ? openSync(path, readWithoutWaiting) : await openFile(path, readWithoutWaiting);
  try {
    const { size } = regularStats(file, path);
    if (size > maxFileBytes)
      throw new DataError(`has ${size} bytes, more than any image (${maxFileBytes}); leave it out`, { path });
    const whole = size <= maxWholeBytes;
    const buffer = Buffer.allocUnsafeSlow(whole ? size : formatBytes);
    let length = 0;
    for (let count = 1; count > 0 && length < buffer.length; length += count) {
      const place = [file, buffer, length, buffer.length - length, length] as const;
      count = here ? readSync(...place) : (await readFile(...place)).bytesRead;
    }
    if (here && performance.now() - start > slowRead) storage.slowUntil = performance.now() + slowSpell;
    return { bytes: buffer.subarray(0, length), whole };
  } finally {
    closeSync(file);
  }
}

function withChannels({ data, shape }: Image, channels: 1 | 3, memory: PixelMemory | undefined): Image {
  const [height, width, has] = shape as [number, number, 1 | 3];
  if (has === channels) return { data, shape };
  const length = height * width * channels;
  const pixels = memory?.take(length) ?? new Uint8Array(length);
  if (channels === 1) putGrey(data, pixels);
  else putRepeated(data, pixels);
  return ndArray(pixels, [height, width, channels]);
}

function putRepeated(grey: Uint8Array, rgb: Uint8Array): void {
  for (let i = 0, to = 0; i < grey.length; i++, to += 3) rgb[to] = rgb[to + 1] = rgb[to + 2] = grey[i]!;
}

/** ITU-R 601 luma in 16-bit fixed point, as Pillow rounds it. */
function putGrey(rgb: Uint8Array, grey: Uint8Array): void {
  for (let i = 0, from = 0; i < grey.length; i++, from += 3)
    grey[i] = (rgb[from]! * 19595 + rgb[from + 1]! * 38470 + rgb[from + 2]! * 7471 + 0x8000) >> 16;
}
