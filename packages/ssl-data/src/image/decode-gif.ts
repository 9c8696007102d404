import { DataError, ndArray } from '@selfsup/ssl-core';
import type { Backdrop } from './backdrop.js';
import type { Image } from './image.js';

/** Where a GIF's first frame lies on its screen. */
export interface GifStructure {
  /** The screen, enlarged where the frame sticks out. */
  readonly width: number;
  readonly height: number;
  readonly frame: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly interlaced: boolean;
  /** Colours, 3 bytes each; none where every index is its own level of grey. */
  readonly palette: Uint8Array;
  /** Index of transparent pixels, if there is one. */
  readonly transparent: number | undefined;
  /** Where the compressed picture begins: the size of its codes. */
  readonly start: number;
}

/** Codes have at most so many bits. */
const maxBits = 12;

/**
 * Reads a GIF up to its first frame.
 *
 * Source: GIF89a.
 * @throws DataError with the offset of what is missing or damaged
 */
export function gifStructure(bytes: Uint8Array): GifStructure {
  const u8 = (at: number): number => bytes[at] ?? cutShort(bytes);
  const u16 = (at: number): number => u8(at) | (u8(at + 1) << 8);
  const colours = (at: number, flags: number): Uint8Array =>
    (flags & 0x80) === 0 ? new Uint8Array(0) : bytes.subarray(at, at + (6 << (flags & 7)));
  const flags = u8(10);
  let palette = colours(13, flags);
  let transparent: number | undefined;
  for (let at = 13 + palette.length; ;) {
    const block = u8(at);
    if (block === 0x21) {
      // Of the control extension: flags, delay, transparent index.
      if (u8(at + 1) === 0xf9 && u8(at + 2) >= 4 && (u8(at + 3) & 1) === 1) transparent = u8(at + 6);
      at += 2;
      for (let size = u8(at++); size > 0; size = u8(at++)) at += size;
    } else if (block === 0x2c) {
      const [left, top, width, height] = [u16(at + 1), u16(at + 3), u16(at + 5), u16(at + 7)];
      if (width === 0 || height === 0) throw damagedGif(`has a first frame of ${width} x ${height}`, at);
      const own = u8(at + 9);
      if ((own & 0x80) !== 0) palette = colours(at + 10, own);
      const start = at + 10 + ((own & 0x80) === 0 ? 0 : 6 << (own & 7));
      if (u8(start) < 1 || u8(start) >= maxBits) throw damagedGif(`has codes of ${u8(start)} bits`, start);
      return {
        width: Math.max(u16(6), left + width),
        height: Math.max(u16(8), top + height),
        frame: { left, top, width, height },
        interlaced: (own & 0x40) !== 0,
        palette,
        transparent,
        start,
      };
    } else if (block === 0x3b) throw damagedGif('holds no picture', at);
    else at++;
  }
}

/**
 * Decodes the first frame of a GIF on its screen. What no frame covers has the frame's transparent colour, or colour 0.
 *
 * @param bytes the whole file
 * @param structure by {@link gifStructure}
 * @param backdrop what transparent pixels are blended over
 * @returns `[height, width, 3]`
 * @throws DataError for data that are damaged or cut short
 * Source: GIF89a, appendix F (variable-length LZW); Pillow's `GifImagePlugin.py` for what lies outside the frame.
 */
export function decodeGif(bytes: Uint8Array, structure: GifStructure, backdrop: Backdrop): Image {
  const { width, height, frame, interlaced, palette, transparent } = structure;
  const pixels = new Uint8Array(3 * width * height);
  const put = (index: number, at: number): void => {
    const known = 3 * index + 2 < palette.length;
    // As Pillow: beyond the palette is black; without any, the index is a level.
    const otherwise = palette.length === 0 ? index : 0;
    for (let channel = 0; channel < 3; channel++)
      pixels[at + channel] = known ? palette[3 * index + channel]! : otherwise;
    if (index === transparent) backdrop.blend(pixels, at, 0);
  };
  if (frame.width < width || frame.height < height)
    for (let at = 0; at < pixels.length; at += 3) put(transparent ?? 0, at);
  const indices = inflate(bytes, structure);
  const rows = interlaced ? interlacedRows(frame.height) : undefined;
  for (let row = 0, from = 0; row < frame.height; row++) {
    let to = 3 * ((frame.top + (rows?.[row] ?? row)) * width + frame.left);
    for (let column = 0; column < frame.width; column++, to += 3) put(indices[from++]!, to);
  }
  return ndArray(pixels, [height, width, 3]);
}

function interlacedRows(height: number): readonly number[] {
  const rows: number[] = [];
  for (const [first, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const)
    for (let row = first; row < height; row += step) rows.push(row);
  return rows;
}

/** The frame's indices, `[height * width]`. */
function inflate(bytes: Uint8Array, { frame, start }: GifStructure): Uint8Array {
  const indices = new Uint8Array(frame.width * frame.height);
  const least = bytes[start]!;
  const [clear, end] = [1 << least, (1 << least) + 1];
  // Each code is an earlier one and a last index; its length tells where its text begins.
  const previous = new Uint16Array(1 << maxBits);
  const last = new Uint8Array(1 << maxBits);
  const lengths = new Uint16Array(1 << maxBits).fill(1, 0, clear);
  for (let index = 0; index < clear; index++) last[index] = index;
  let [next, bits, before] = [end + 1, least + 1, -1];
  let [held, count, filled] = [0, 0, 0];
  let at = start + 1;
  for (let size = bytes[at++]; filled < indices.length; size = bytes[at++]) {
    if (size === undefined) return cutShort(bytes);
    if (size === 0) throw damagedGif(`ends after ${filled} of ${indices.length} pixels`, at);
    const stop = at + size;
    if (stop > bytes.length) return cutShort(bytes);
    while (at < stop && filled < indices.length) {
      held |= bytes[at++]! << count;
      for (count += 8; count >= bits && filled < indices.length;) {
        const code = held & ((1 << bits) - 1);
        held >>>= bits;
        count -= bits;
        if (code === clear) {
          [next, bits, before] = [end + 1, least + 1, -1];
          continue;
        }
        if (code === end) throw damagedGif(`ends after ${filled} of ${indices.length} pixels`, at);
        if (code > next || (code === next && before < 0) || (code > end && before < 0))
          throw damagedGif('has a code that was not made before', at);
        // The code that is being made: the one before and its own first index.
        const whole = code === next ? before : code;
        const length = lengths[whole]!;
        let walk = whole;
        for (let place = filled + length - 1; place >= filled; place--) {
          if (place < indices.length) indices[place] = last[walk]!;
          walk = previous[walk]!;
        }
        const first = indices[filled]!;
        filled += length;
        if (code === next && filled < indices.length) indices[filled] = first;
        if (code === next) filled++;
        if (before >= 0 && next < 1 << maxBits) {
          previous[next] = before;
          last[next] = first;
          lengths[next] = lengths[before]! + 1;
          next++;
          if (next === 1 << bits && bits < maxBits) bits++;
        }
        before = code;
      }
    }
    at = stop;
  }
  return indices;
}

function cutShort(bytes: Uint8Array): never {
  throw new DataError('cannot be decoded: its GIF data are cut short; replace or remove the file', {
    offset: bytes.length,
  });
}

function damagedGif(what: string, offset: number): DataError {
  return new DataError(`cannot be decoded: its GIF ${what}; replace or remove the file`, { offset });
}
