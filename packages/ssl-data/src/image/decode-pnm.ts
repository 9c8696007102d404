import { DataError, ndArray } from '@selfsup/ssl-core';
import type { Backdrop } from './backdrop.js';
import type { Image } from './image.js';
import { roundHalfEven } from './round-half-even.js';

/** What the header of a PBM, PGM, PPM or PAM says. */
export interface PnmStructure {
  readonly width: number;
  readonly height: number;
  /** Samples of a pixel in the file: 1 grey, 2 grey and another, 3 RGB, 4 RGB and another. */
  readonly depth: 1 | 2 | 3 | 4;
  /** Whether the other one is alpha: by the file's word, or where it says nothing. */
  readonly hasAlpha: boolean;
  /** Largest value of a sample. */
  readonly most: number;
  /** How samples are written: as decimal numbers, as bits, or as bytes (two of them, high first, where `most` > 255). */
  readonly coding: 'text' | 'bits' | 'bytes';
  /** Whether 0 is white, as in PBM. */
  readonly zeroIsWhite: boolean;
  /** Where the pixels begin. */
  readonly start: number;
}

/** Bytes that a header may have, comments included. */
const maxHeader = 2 ** 16;
const isSpace = (byte: number | undefined): boolean => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);

/**
 * Reads the header of a PBM, PGM, PPM or PAM.
 *
 * @throws DataError for a header that is damaged or cut short
 * Source: netpbm's pbm(5), pgm(5), ppm(5), pam(5).
 */
export function pnmStructure(bytes: Uint8Array): PnmStructure {
  const kind = bytes[1]! - 48;
  if (kind === 7) return pamStructure(bytes);
  let at = 2;
  const number = (name: string, most: number): number => {
    for (; isSpace(bytes[at]) || bytes[at] === 0x23; at++)
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
    const from = at;
    while (at < bytes.length && !isSpace(bytes[at]) && at - from < 11) at++;
    return numberOf(String.fromCharCode(...bytes.subarray(from, at)), name, most, from);
  };
  const [width, height] = [number('width', 2 ** 31 - 1), number('height', 2 ** 31 - 1)];
  const isBitmap = kind === 1 || kind === 4;
  return {
    width,
    height,
    depth: kind === 3 || kind === 6 ? 3 : 1,
    hasAlpha: false,
    most: isBitmap ? 1 : number('largest value', 65535),
    coding: kind <= 3 ? 'text' : isBitmap ? 'bits' : 'bytes',
    zeroIsWhite: isBitmap,
    start: at + 1,
  };
}

function pamStructure(bytes: Uint8Array): PnmStructure {
  const found = new Map<string, string>();
  for (let at = 3; ;) {
    const end = bytes.indexOf(10, at);
    if (end < 0 || end > maxHeader) throw damaged('header has no ENDHDR', at);
    const line = String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 256))).trim();
    at = end + 1;
    if (line === 'ENDHDR') {
      const value = (name: string, most: number): number => numberOf(found.get(name) ?? '', name, most, at);
      const depth = value('DEPTH', 4) as PnmStructure['depth'];
      return {
        width: value('WIDTH', 2 ** 31 - 1),
        height: value('HEIGHT', 2 ** 31 - 1),
        depth,
        hasAlpha: depth % 2 === 0 && /(?:^|_ALPHA)$/.test(found.get('TUPLTYPE') ?? ''),
        most: value('MAXVAL', 65535),
        coding: 'bytes',
        zeroIsWhite: false,
        start: at,
      };
    }
    const space = line.search(/\s/);
    if (!line.startsWith('#') && space > 0) found.set(line.slice(0, space), line.slice(space + 1).trim());
  }
}

function numberOf(text: string, name: string, most: number, offset: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw damaged(`header has no ${name} from 1 to ${most}`, offset);
}

/**
 * Decodes a PBM, PGM, PPM or PAM, of several the first.
 *
 * @param bytes the whole file
 * @param structure by {@link pnmStructure}
 * @param range for samples of more than 8 bits, the values that become 0 and 255; default 0 and the largest value
 * @param backdrop what transparent pixels are blended over
 * @returns `[height, width, 1]` of grey without alpha, or `[height, width, 3]`; the nearest level to `255 * value / most`, halves to the even one
 * @throws DataError for pixels that are cut short, damaged or above the header's largest value
 * Source: Pillow's `PpmImagePlugin.py`, which scales 16-bit colour so too (and clips 16-bit grey).
 */
export function decodePnm(
  bytes: Uint8Array,
  structure: PnmStructure,
  range: readonly [low: number, high: number] | undefined,
  backdrop: Backdrop,
): Image {
  const { width, height, depth, hasAlpha, most, coding, zeroIsWhite } = structure;
  const colours = depth < 3 ? 1 : 3;
  const channels = hasAlpha ? 3 : colours;
  const pixels = new Uint8Array(width * height * channels);
  const levelOf = levels(most, range, zeroIsWhite);
  const sample = coding === 'text' ? textSamples(bytes, structure) : plainSamples(bytes, structure);
  for (let pixel = 0, to = 0; pixel < width * height; pixel++, to += channels) {
    for (let channel = 0; channel < colours; channel++) pixels[to + channel] = levelOf[sample(pixel, channel)]!;
    if (colours === 1) pixels.fill(pixels[to]!, to, to + channels);
    if (hasAlpha) backdrop.blend(pixels, to, sample(pixel, colours) / most);
  }
  return ndArray(pixels, [height, width, channels]);
}

/** The level of each value. */
function levels(
  most: number,
  range: readonly [low: number, high: number] | undefined,
  zeroIsWhite: boolean,
): Uint8Array {
  const [low, high] = range === undefined || most < 256 ? [0, most] : range;
  return Uint8Array.from({ length: most + 1 }, (_, value) => {
    const level = roundHalfEven(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
    return zeroIsWhite ? 255 - level : level;
  });
}

function plainSamples(
  bytes: Uint8Array,
  { width, height, depth, most, coding, start }: PnmStructure,
): (pixel: number, channel: number) => number {
  const size = most > 255 ? 2 : 1;
  const stride = coding === 'bits' ? Math.ceil(width / 8) : width * depth * size;
  const length = start + height * stride;
  if (length > bytes.length) throw damaged(`ends at byte ${bytes.length} of ${length}`, bytes.length);
  if (coding === 'bits')
    return (pixel) => {
      const column = pixel % width;
      return (bytes[start + Math.floor(pixel / width) * stride + (column >> 3)]! >> (7 - (column & 7))) & 1;
    };
  return (pixel, channel) => {
    const at = start + (pixel * depth + channel) * size;
    // Larger ones stand for the largest, as in Pillow.
    return Math.min(most, size === 1 ? bytes[at]! : (bytes[at]! << 8) | bytes[at + 1]!);
  };
}

function textSamples(bytes: Uint8Array, { most, zeroIsWhite, start }: PnmStructure): () => number {
  let at = start;
  return () => {
    for (; isSpace(bytes[at]) || bytes[at] === 0x23; at++)
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
    if (at >= bytes.length) throw damaged(`ends at byte ${bytes.length}, before its last pixel`, bytes.length);
    const from = at;
    let value = 0;
    // Bits need no space between them.
    const end = zeroIsWhite ? from + 1 : bytes.length;
    for (; at < end && !isSpace(bytes[at]); at++) {
      const digit = bytes[at]! - 48;
      value = value * 10 + digit;
      if (digit < 0 || digit > 9 || value > most) throw damaged(`has no value from 0 to ${most} at byte ${from}`, from);
    }
    return value;
  };
}

function damaged(what: string, offset: number): DataError {
  return new DataError(`cannot be decoded: its PNM ${what}; replace or remove the file`, { offset });
}
