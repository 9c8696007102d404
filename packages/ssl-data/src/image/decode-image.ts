import { DataError, ndArray, withArticle } from '@selfsup/ssl-core';
import { Backdrop, noteTransparent } from './backdrop.js';
import { withBmpHeader } from './bare-bitmap.js';
import { bmpStructure } from './bmp-structure.js';
import { checkTiff, type SampleKind } from './check-tiff.js';
import { decodeBmp } from './decode-bmp.js';
import { type DecodeShare, threadDecodeBudget } from './decode-budget.js';
import { decodeBySharp, resized } from './decode-by-sharp.js';
import { decodeGif, gifStructure } from './decode-gif.js';
import { decodeJpeg } from './decode-jpeg.js';
import { decodePnm, pnmStructure } from './decode-pnm.js';
import { largePixels } from './collect-garbage.js';
import { foreignFormat } from './foreign-format.js';
import { formatBytes, imageFormat, type ImageFormat, imageFormats } from './image-format.js';
import { checkImageDecoding, defaultMaxPixels, type ImageDecoding } from './image-decoding.js';
import type { Image } from './image.js';
import { type JpegStructure, jpegStructure } from './jpeg-structure.js';
import { claimsTooMuch, pictureSize, type PictureSize } from './picture-size.js';
import type { PixelMemory } from './pixel-memory.js';
import { partsOf, readImageFile, readLargeFile } from './read-image-file.js';
import { tiffStructure } from './tiff-structure.js';
import { loadSharp } from './native-packages.js';

export type { ImageDecoding } from './image-decoding.js';

/**
 * Decodes an image file: JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP or PBM/PGM/PPM/PAM, told by its first bytes; first frame,
 * upright by its EXIF orientation, 8 bits, RGB or grey; transparent pixels over white, or another `background`.
 *
 * The levels are those of the file, as Pillow's `convert('RGB')` and torchvision give them: a colour profile changes
 * nothing unless `colorProfile: 'convert'` is given. Of 16 unsigned bits the upper 8 are taken (of PNM, the nearest level
 * to the share of its largest value); other types than unsigned integers need a `range` or are refused. Four inks become
 * RGB by Pillow's formula. Colour becomes grey by ITU-R 601 luma, as in Pillow and torchvision.
 *
 * Plain JPEGs, which need nothing but decoding, are decoded in the calling thread by libjpeg-turbo, GIF, BMP and PNM there
 * too, all else by sharp in its own threads. Decoding waits until the memory that it takes is free, see
 * `setDecodeMemory`; a picture that needs more than all of it is decoded alone.
 *
 * @param file path, or the file's bytes
 * @param memory where the pixels may be put; default new memory
 * @returns `[height, width, channels]`
 * @throws DataError when the file is missing, damaged, cut short, of another format or too large; its text depends on this
 * file alone. InvalidOptionError
 */
export async function decodeImage(
  file: string | Uint8Array,
  decoding: ImageDecoding = {},
  memory?: PixelMemory,
): Promise<Image> {
  checkImageDecoding(decoding);
  const path = typeof file === 'string' ? file : 'image in memory';
  let share: DecodeShare | undefined;
  try {
    const { bytes: read, whole } = typeof file === 'string' ? await readImageFile(file) : { bytes: file, whole: true };
    const bytes = whole ? withBmpHeader(read) : read;
    const picture = await look({ source: whole ? bytes : (file as string), bytes, whole }, decoding);
    const { size, format, bytesPerPixel } = picture;
    const pixels = size.width * size.height;
    checkSize(size, decoding.maxPixels ?? defaultMaxPixels);
    if (decoding.resize?.fit === 'cover') checkCover(size, decoding.resize);
    share = await (memory?.budget ?? threadDecodeBudget()).take(bytes.length + bytesPerPixel * pixels);
    const backdrop = new Backdrop(decoding.background);
    const image = await decode(picture, decoding, memory, backdrop).catch((cause: unknown) => {
      if (DataError.isInstance(cause)) throw cause;
      throw damaged(format);
    });
    if (image.data.length === 0 || ![1, 3].includes(image.shape[2]!)) throw damaged(format);
    const result = withChannels(image, decoding.channels ?? 3, memory);
    if (backdrop.isSeen) noteTransparent(result.data);
    if (memory?.keep !== undefined && pixels >= largePixels / 3) {
      share.shrink(result.data.length);
      memory.keep(share);
      share = undefined;
    }
    return result;
  } catch (cause) {
    if (DataError.isInstance(cause) && cause.path !== undefined) throw cause;
    if (DataError.isInstance(cause))
      throw new DataError(cause.message, { path, ...(cause.offset === undefined ? {} : { offset: cause.offset }) });
    throw new DataError(
      `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}; check the path, or remove it`,
      { path, cause },
    );
  } finally {
    share?.release();
  }
}

/** A file as it lies there. */
interface Input {
  /** What sharp opens: a large file by its path. */
  readonly source: string | Uint8Array;
  /** The file's bytes, or of a large one the first. */
  readonly bytes: Uint8Array;
  readonly whole: boolean;
}

/** A picture whose size is known, and how to decode it. */
interface Picture extends Input {
  readonly format: ImageFormat;
  readonly size: PictureSize;
  readonly kind: SampleKind;
  /** Place of alpha among the samples after the colour's, where the picture has any. */
  readonly alphaAfter: number | undefined;
  /** Whether there are samples beside the colour that are no alpha, or not alpha alone. */
  readonly hasOthers: boolean;
  readonly jpeg?: JpegStructure;
  /** Bytes that decoding takes at most, about. */
  readonly bytesPerPixel: number;
}

/** What each format's decoder was seen to take at most (interlaced, progressive, with alpha), with the pixels themselves. */
const bytesPerPixel: Readonly<Record<ImageFormat, number>> = {
  jpeg: 8,
  png: 12,
  webp: 12,
  avif: 20,
  tiff: 12,
  gif: 5,
  bmp: 10,
  pnm: 4,
};
/** Of pictures whose values or inks are turned into levels here. */
const moreBytesPerPixel = 28;
/** First bytes of a large file that hold the header of the formats that are decoded here. */
const headBytes = 2 ** 16;

/** Finds out a picture's format, size and kind of samples, without decoding it. */
async function look(input: Input, decoding: ImageDecoding): Promise<Picture> {
  const head = input.bytes.subarray(0, formatBytes);
  const format = imageFormat(head);
  if (format === undefined) throw notRead(head);
  const found = (size: PictureSize, kind: SampleKind = 'levels'): Picture => ({
    ...input,
    format,
    size,
    kind,
    alphaAfter: 0,
    hasOthers: false,
    bytesPerPixel: kind === 'levels' ? bytesPerPixel[format] : moreBytesPerPixel,
  });
  if (format === 'tiff') {
    const tiff = await tiffStructure(partsOf(input.source));
    const { beside, alphaAfter } = tiff;
    const hasOthers = beside > (alphaAfter === undefined ? 0 : 1);
    return { ...found(tiff, checkTiff(tiff, decoding.range !== undefined)), alphaAfter, hasOthers };
  }
  const structureOf = { gif: gifStructure, bmp: bmpStructure, pnm: pnmStructure };
  if (format === 'gif' || format === 'bmp' || format === 'pnm') {
    const { source, bytes } = input;
    return found(structureOf[format](typeof source === 'string' ? await partsOf(source)(0, headBytes) : bytes));
  }
  if (format === 'jpeg' && input.whole) {
    const jpeg = jpegStructure(input.bytes);
    if (jpeg.cut)
      throw new DataError('cannot be decoded: its picture has no end; replace or remove the file', {
        offset: input.bytes.length,
      });
    if (jpeg.frame !== undefined && jpeg.frame.bits !== 8)
      throw new DataError(`cannot be decoded: a JPEG of ${jpeg.frame.bits} bits; convert it to 8 bits, or to PNG`);
    if (jpeg.frame !== undefined && jpeg.frame.height > 0)
      return { ...found(jpeg.frame, jpeg.frame.components === 4 ? 'inks' : 'levels'), jpeg };
  }
  if (format === 'avif' && claimsTooMuch(input.bytes)) throw damaged(format);
  if (format === 'avif' && String.fromCharCode(...head.subarray(8, 12)) === 'avis') {
    if (!input.whole)
      throw new DataError('cannot be decoded: an AVIF animation of more than 32 MiB; write its first frame by itself');
    const { width, height } = await openHeader(stillOf(input.bytes), format);
    return { ...found({ width, height }), source: stillOf(input.bytes) };
  }
  const own = pictureSize(format, head);
  if (own !== undefined) return found(own, own.bits === 16 && decoding.range !== undefined ? 'values' : 'levels');
  const { width, height, space } = await openHeader(input.source, format);
  return found({ width, height }, format === 'jpeg' && space === 'cmyk' ? 'inks' : 'levels');
}

/** An animation under the name of its still picture: libvips opens no other. */
function stillOf(animation: Uint8Array): Uint8Array {
  const still = Uint8Array.from(animation);
  still[11] = 'f'.charCodeAt(0);
  return still;
}

async function openHeader(
  source: string | Uint8Array,
  format: ImageFormat,
): Promise<PictureSize & { readonly space: string | undefined }> {
  const sharp = await loadSharp();
  try {
    return await sharp(source, { limitInputPixels: false, failOn: 'error' }).metadata();
  } catch {
    throw damaged(format);
  }
}

async function decode(
  picture: Picture,
  decoding: ImageDecoding,
  memory: PixelMemory | undefined,
  backdrop: Backdrop,
): Promise<Image> {
  const { format, jpeg, source, size } = picture;
  const { resize, range, maxPixels = defaultMaxPixels } = decoding;
  const isPlain = jpeg?.hasProfile !== true || decoding.colorProfile !== 'convert';
  if (jpeg?.plain !== undefined && resize === undefined && isPlain) {
    const image = await decodeJpeg(picture.bytes, jpeg.plain, memory);
    if (image !== undefined) return image;
  }
  if (format === 'gif' || format === 'bmp' || format === 'pnm') {
    const most = headBytes + 24 * size.width * size.height;
    const bytes = typeof source === 'string' ? await readLargeFile(source, most) : source;
    const image =
      format === 'gif'
        ? decodeGif(bytes, gifStructure(bytes), backdrop)
        : format === 'bmp'
          ? decodeBmp(bytes, bmpStructure(bytes), backdrop)
          : decodePnm(bytes, pnmStructure(bytes), range, backdrop);
    return resized(image, resize);
  }
  return decodeBySharp(picture, decoding, maxPixels, backdrop);
}

function checkSize({ width, height }: PictureSize, maxPixels: number): void {
  if (width < 1 || height < 1)
    throw new DataError(`cannot be decoded: is ${width} x ${height} pixels; replace or remove the file`);
  if (width * height > maxPixels)
    throw new DataError(
      `cannot be decoded: is ${width} x ${height}, ${width * height} pixels, more than maxPixels (${maxPixels}); pass a larger maxPixels when decoding, or make the picture smaller`,
    );
}

/** Side that libvips makes at most. */
const maxSide = 10_000_000;

/** Throws {@link DataError} for a picture whose long side `cover` would make too long before it is cut. */
function checkCover({ width, height }: PictureSize, resize: { readonly width: number; readonly height: number }): void {
  // Upright or turned, the longer side becomes no longer than this.
  const side = (Math.max(width, height) / Math.min(width, height)) * Math.max(resize.width, resize.height);
  if (side > maxSide)
    throw new DataError(
      `cannot be decoded: is ${width} x ${height}, too long to cover ${resize.width} x ${resize.height}; resize with fit 'contain' or 'inside', or remove the file`,
    );
}

/** The decoder's own text is left out: libvips keeps one for all threads, where other pictures' reasons are too. */
function damaged(format: ImageFormat): DataError {
  return new DataError(
    `cannot be decoded: its ${imageFormats[format].name} data are damaged or cut short; replace or remove the file`,
  );
}

function notRead(head: Uint8Array): DataError {
  const names = Object.values(imageFormats).map(({ name }) => name);
  const read = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
  if (head.length === 0) return new DataError('cannot be decoded: empty; replace or remove the file', { offset: 0 });
  const foreign = foreignFormat(head);
  return new DataError(
    foreign === undefined
      ? `cannot be decoded: no ${read}; replace or remove the file`
      : `cannot be decoded: ${withArticle(foreign.name)} file, no ${read}; ${foreign.advice}`,
    { offset: 0 },
  );
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
