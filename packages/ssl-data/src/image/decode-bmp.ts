import { DataError, ndArray } from '@selfsup/ssl-core';
import type { Backdrop } from './backdrop.js';
import type { BmpStructure } from './bmp-structure.js';
import type { Image } from './image.js';

/**
 * Decodes a BMP: 1 to 32 bits, palettes, colour masks and run lengths.
 *
 * @param bytes the whole file
 * @param structure by `bmpStructure`
 * @param backdrop what transparent pixels are blended over; a picture without any pixel that shows counts as opaque, as in
 *   browsers, since many programs leave alpha at 0
 * @returns `[height, width, 3]`
 * @throws DataError for pixels that are cut short or run-length codes that leave the picture
 * Source: Microsoft's description of bitmaps; Pillow's `BmpImagePlugin.py`, for levels of less than 8 bits too
 * (`level * 255 / most`, without rounding).
 */
export function decodeBmp(bytes: Uint8Array, structure: BmpStructure, backdrop: Backdrop): Image {
  const { width, height, topDown, bits, runs } = structure;
  const pixels = new Uint8Array(3 * width * height);
  const indices = runs === undefined ? undefined : inflate(bytes, structure, runs);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (indices === undefined && structure.start + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length)
    throw damaged(`ends at byte ${bytes.length}, before its last row`, bytes.length);
  const put = bits > 8 ? masked(bytes, structure, pixels) : coloured(structure, pixels);
  for (let row = 0; row < height; row++) {
    const to = 3 * width * (topDown ? row : height - 1 - row);
    const from = structure.start + row * stride;
    if (bits > 8) for (let x = 0; x < width; x++) put(from + (x * bits) / 8, to + 3 * x);
    else if (indices !== undefined) for (let x = 0; x < width; x++) put(indices[row * width + x]!, to + 3 * x);
    else
      for (let x = 0; x < width; x++) {
        const bit = x * bits;
        put((bytes[from + (bit >> 3)]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1), to + 3 * x);
      }
  }
  if (structure.alphaMask !== 0) blend(bytes, structure, pixels, backdrop);
  return ndArray(pixels, [height, width, 3]);
}

function blend(
  bytes: Uint8Array,
  { width, height, topDown, bits, alphaMask, start }: BmpStructure,
  pixels: Uint8Array,
  backdrop: Backdrop,
): void {
  const stride = Math.ceil((width * bits) / 32) * 4;
  const shares = new Float32Array(width * height);
  const lowest = (alphaMask & -alphaMask) >>> 0;
  for (let row = 0; row < height; row++)
    for (let x = 0, from = start + row * stride; x < width; x++, from += bits / 8) {
      const at = (topDown ? row : height - 1 - row) * width + x;
      shares[at] = ((valueOf(bytes, from, bits) & alphaMask) >>> 0) / lowest / (alphaMask / lowest);
    }
  if (shares.some((share) => share > 0)) shares.forEach((share, at) => backdrop.blend(pixels, 3 * at, share));
}

/** The bits of a pixel of 16 bits or more. */
function valueOf(bytes: Uint8Array, from: number, bits: number): number {
  let value = 0;
  for (let byte = bits / 8 - 1; byte >= 0; byte--) value = value * 256 + bytes[from + byte]!;
  return value;
}

/** Puts the colour of an index; one that the palette does not have is its own level of grey. */
function coloured({ palette, step }: BmpStructure, pixels: Uint8Array): (index: number, to: number) => void {
  return (index, to) => {
    const from = step * index;
    const known = from + 2 < palette.length;
    for (let channel = 0; channel < 3; channel++) pixels[to + channel] = known ? palette[from + 2 - channel]! : index;
  };
}

/** Puts the pixel that begins at a byte. */
function masked(
  bytes: Uint8Array,
  { bits, masks }: BmpStructure,
  pixels: Uint8Array,
): (from: number, to: number) => void {
  const shifts = masks.map((mask) => Math.log2((mask & -mask) >>> 0));
  const most = masks.map((mask, channel) => mask / 2 ** shifts[channel]!);
  const [red, green, blue] = shifts.map((shift) => shift / 8) as [number, number, number];
  if (most.every((level) => level === 255) && [red, green, blue].every(Number.isInteger))
    return (from, to) => {
      pixels[to] = bytes[from + red]!;
      pixels[to + 1] = bytes[from + green]!;
      pixels[to + 2] = bytes[from + blue]!;
    };
  return (from, to) => {
    const value = valueOf(bytes, from, bits);
    for (let channel = 0; channel < 3; channel++) {
      const level = ((value & masks[channel]!) >>> 0) / 2 ** shifts[channel]!;
      pixels[to + channel] = Math.floor((level * 255) / most[channel]!);
    }
  };
}

/** Indices from run-length codes, `[height * width]`, lower rows first; what is passed over is index 0. */
function inflate(bytes: Uint8Array, { width, height, start }: BmpStructure, bits: 4 | 8): Uint8Array {
  const indices = new Uint8Array(width * height);
  const byteAt = (at: number): number => {
    if (at >= bytes.length) throw damaged(`ends at byte ${bytes.length}, inside its run-length codes`, bytes.length);
    return bytes[at]!;
  };
  let [x, y] = [0, 0];
  for (let at = start; y < height;) {
    const [count, value] = [byteAt(at), byteAt(at + 1)];
    at += 2;
    if (count > 0) {
      // Two colours in turn, of 4 bits each.
      for (let i = 0; i < count && x < width; i++, x++)
        indices[y * width + x] = bits === 8 ? value : i % 2 === 0 ? value >> 4 : value & 15;
    } else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) return indices;
    else if (value === 2) {
      x += byteAt(at);
      y += byteAt(at + 1);
      at += 2;
      if (x > width || y > height) throw damaged('has a run that leaves the picture', at);
    } else {
      const length = Math.ceil((value * bits) / 8);
      byteAt(at + length - 1);
      for (let i = 0; i < value && x < width; i++, x++)
        indices[y * width + x] =
          bits === 8 ? bytes[at + i]! : i % 2 === 0 ? bytes[at + (i >> 1)]! >> 4 : bytes[at + (i >> 1)]! & 15;
      at += length + (length % 2);
    }
  }
  return indices;
}

function damaged(what: string, offset: number): DataError {
  return new DataError(`cannot be decoded: its BMP ${what}; replace or remove the file`, { offset });
}
