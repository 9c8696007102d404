import type { OutputInfo, Sharp } from 'sharp';
import { ndArray } from '@selfsup/ssl-core';
import type { Backdrop } from './backdrop.js';
import type { SampleKind } from './check-tiff.js';
import type { Image } from './image.js';
import type { ImageDecoding } from './image-decoding.js';
import { loadSharp } from './native-packages.js';

/** What sharp is told about a picture. */
export interface SharpPicture {
  /** Path, or the file's bytes. */
  readonly source: string | Uint8Array;
  readonly kind: SampleKind;
  /** Place of alpha among the samples after the colour's, where the picture has any. */
  readonly alphaAfter: number | undefined;
  /** Whether there are samples beside the colour that are no alpha, or not alpha alone. */
  readonly hasOthers: boolean;
}

/** Arrays of the depths that libvips names. */
const arrays = {
  char: Int8Array,
  uchar: Uint8Array,
  short: Int16Array,
  ushort: Uint16Array,
  int: Int32Array,
  uint: Uint32Array,
  float: Float32Array,
} as const;
type Depth = keyof typeof arrays;
/** Values of alpha that are opaque. */
const opaque: Readonly<Record<Depth, number>> = {
  char: 2 ** 7 - 1,
  uchar: 2 ** 8 - 1,
  short: 2 ** 15 - 1,
  ushort: 2 ** 16 - 1,
  int: 2 ** 31 - 1,
  uint: 2 ** 32 - 1,
  float: 1,
};

/**
 * Decodes by sharp, in its threads: first frame, upright, over the backdrop.
 *
 * @returns `[height, width, 3]`, or `[height, width, 1]` of grey values with a range
 * @throws whatever sharp throws: its texts may speak of another picture that is decoded at the same time
 */
export async function decodeBySharp(
  picture: SharpPicture,
  decoding: ImageDecoding,
  maxPixels: number,
  backdrop: Backdrop,
): Promise<Image> {
  const { kind, alphaAfter, hasOthers } = picture;
  if (kind === 'values') return resized(await values(picture, decoding.range!, maxPixels, backdrop), decoding.resize);
  if (kind === 'inks' && decoding.colorProfile !== 'convert')
    return resized(await inks(picture, maxPixels, backdrop), decoding.resize);
  const sharp = await loadSharp();
  const ignoreIcc = decoding.colorProfile !== 'convert';
  const open = sharp(picture.source, { limitInputPixels: maxPixels, failOn: 'error', ignoreIcc });
  let pipeline = open.autoOrient();
  if (!ignoreIcc) {
    // Of 16 bits sharp converts colours to Display P3 and grey not at all: brought to 8 first.
    const { depth, space } = await open.clone().metadata();
    if (depth === 'ushort' && space !== 'cmyk')
      pipeline = pipeline.pipelineColourspace(space === 'grey16' ? 'b-w' : 'srgb');
  }
  // libvips takes the last sample for alpha, and weighs colours by it when it resizes.
  const isLater = hasOthers || (!backdrop.blends && (await open.clone().metadata()).hasAlpha);
  const resize = isLater ? undefined : decoding.resize;
  if (resize !== undefined) pipeline = pipeline.resize(sharpResize(resize));
  const { data, info } = await rawOf(pipeline.toColourspace('srgb').raw({ depth: 'uchar' }));
  const { height, width, channels } = info as { height: number; width: number; channels: number };
  if (channels <= 3) return ndArray(data, [height, width, channels]);
  const pixels = backdrop.rgbOf(
    data,
    channels,
    alphaAfter === undefined || alphaAfter > channels - 4 ? undefined : 3 + alphaAfter,
  );
  const image = ndArray(pixels, [height, width, 3]);
  return isLater ? resized(image, decoding.resize) : image;
}

/** An image of one's own decoder, at the size that was asked for. */
export async function resized(image: Image, resize: ImageDecoding['resize']): Promise<Image> {
  if (resize === undefined) return image;
  const [height, width, channels] = image.shape as [number, number, 1 | 3];
  const sharp = await loadSharp();
  const { data, info } = await rawOf(
    sharp(image.data, { raw: { width, height, channels }, limitInputPixels: false })
      .resize(sharpResize(resize))
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' }),
  );
  return ndArray(data, [info.height, info.width, info.channels]);
}

function sharpResize({ width, height, fit }: NonNullable<ImageDecoding['resize']>): object {
  return { width, height, fit: fit === 'stretch' ? 'fill' : fit, background: '#000' };
}

/** Four inks to RGB: what ink and black leave of 255, as Pillow's `convert('RGB')` does it. */
async function inks({ source, alphaAfter }: SharpPicture, maxPixels: number, backdrop: Backdrop): Promise<Image> {
  const sharp = await loadSharp();
  const open = sharp(source, { limitInputPixels: maxPixels, failOn: 'error', ignoreIcc: true });
  const { depth } = await open.clone().metadata();
  const shown = depth === 'ushort' ? 'ushort' : 'uchar';
  const { data, info } = await rawOf(
    open.autoOrient().pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: shown }),
  );
  const shift = shown === 'ushort' ? 8 : 0;
  const levels = typed(data, shown);
  const { width, height, channels } = info;
  const pixels = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < pixels.length; from += channels, to += 3) {
    const left = 255 - (levels[from + 3]! >> shift);
    for (let ink = 0; ink < 3; ink++) {
      const product = (levels[from + ink]! >> shift) * left + 128;
      // The product over 255, rounded.
      pixels[to + ink] = Math.max(0, left - (((product >> 8) + product) >> 8));
    }
    if (alphaAfter !== undefined && channels > 4)
      backdrop.blend(pixels, to, (levels[from + 4 + alphaAfter]! >> shift) / 255);
  }
  return ndArray(pixels, [height, width, 3]);
}

/** Values that a range turns into levels, grey or RGB. */
async function values(
  { source, alphaAfter }: SharpPicture,
  [low, high]: readonly [low: number, high: number],
  maxPixels: number,
  backdrop: Backdrop,
): Promise<Image> {
  const sharp = await loadSharp();
  const open = sharp(source, { limitInputPixels: maxPixels, failOn: 'error', ignoreIcc: true });
  const { depth, space, channels: all } = await open.clone().metadata();
  // libvips takes values in this space for unsigned ones of 16 bits, whatever they are: brought there first.
  const isGrey16 = space === 'grey16' && depth !== 'ushort';
  const scale = !isGrey16
    ? undefined
    : depth === 'short'
      ? [1, 32768]
      : [65535 / (high - low), (-65535 * low) / (high - low)];
  const shown = isGrey16 || !Object.hasOwn(arrays, depth!) ? 'ushort' : (depth as Depth);
  let pipeline = open.autoOrient();
  if (scale !== undefined)
    // Alpha has its own scale: that of the integers, or what is opaque in floats.
    pipeline =
      all === 2
        ? pipeline.linear([scale[0]!, depth === 'short' ? 1 : 65535], [scale[1]!, 0])
        : pipeline.linear(scale[0]!, scale[1]!);
  const { data, info } = await rawOf(pipeline.toColourspace(space!).raw({ depth: shown }));
  const [least, most] =
    scale === undefined ? [low, high] : depth === 'short' ? [low + 32768, high + 32768] : [0, 65535];
  const read = typed(data, shown);
  const { width, height } = info;
  const channels = all! < 3 || space === 'b-w' || space === 'grey16' ? 1 : 3;
  const hasAlpha = alphaAfter !== undefined && all! > channels;
  const beside = hasAlpha && info.channels <= channels + alphaAfter;
  const alphas = beside ? await sampleOf(open.clone().autoOrient(), channels + alphaAfter, depth as Depth) : read;
  const [step, alphaAt] = beside ? [1, 0] : [info.channels, channels + (alphaAfter ?? 0)];
  const opaqueAt = scale !== undefined && depth !== 'short' ? opaque.ushort : opaque[depth as Depth];
  const put = hasAlpha ? 3 : channels;
  const pixels = new Uint8Array(width * height * put);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < put; channel++) {
      const value = read[pixel * info.channels + Math.min(channel, channels - 1)]!;
      const part = (value - least) / (most - least);
      // NaN is 0.
      pixels[pixel * put + channel] = part > 0 ? Math.floor(255 * Math.min(1, part) + 0.5) : 0;
    }
    if (hasAlpha) backdrop.blend(pixels, 3 * pixel, alphas[pixel * step + alphaAt]! / opaqueAt);
  }
  return ndArray(pixels, [height, width, put]);
}

/** One sample of every pixel, as the file has it: of grey values libvips gives no second one beside them. */
async function sampleOf(pipeline: Sharp, place: number, depth: Depth): Promise<InstanceType<(typeof arrays)[Depth]>> {
  const { data } = await rawOf(
    pipeline
      .extractChannel(place as 0)
      .toColourspace('b-w')
      .raw({ depth }),
  );
  return typed(data, depth);
}

interface Raw {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly info: OutputInfo;
}

/** What a pipeline makes. */
async function rawOf(pipeline: Sharp): Promise<Raw> {
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length), info };
}

function typed({ buffer, byteOffset, length }: Raw['data'], depth: Depth): InstanceType<(typeof arrays)[Depth]> {
  const make = arrays[depth];
  const size = make.BYTES_PER_ELEMENT;
  if (byteOffset % size === 0) return new make(buffer, byteOffset, length / size);
  return new make(buffer.slice(byteOffset, byteOffset + length));
}
