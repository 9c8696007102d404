import { ndArray } from '@selfsup/ssl-core';
import type { Image } from './image.js';
import type { PlainJpeg } from './jpeg-structure.js';
import type { PixelMemory } from './pixel-memory.js';

/** Pixels of a picture at most: the decoder's memory grows with it. */
const maxPixels = 2 ** 23;
/** Bytes of a file at most, for the same reason. */
const maxBytes = 2 ** 24;
/** Memory above which a decoder is dropped, since it never shrinks. It starts with 50 MiB. */
const maxKeptMemory = 2 ** 26;

/**
 * Decodes a plain JPEG by libjpeg-turbo 3 as WebAssembly.
 *
 * @param bytes the whole file
 * @param plain what its markers say, by `jpegStructure`
 * @param memory for the pixels; default new memory
 * @returns `[height, width, components]`; `undefined` for a picture that is too large for this decoder or about which it
 * has any complaint, warnings included
 */
export async function decodeByWasm(
  bytes: Uint8Array,
  plain: PlainJpeg,
  memory: PixelMemory | undefined,
): Promise<Image | undefined> {
  const { width, height, components } = plain;
  if (width * height > maxPixels || bytes.length > maxBytes) return undefined;
  const codec = (opened ??= openCodec());
  // A decoder that does not load, as in a bundle without its binary, is one that takes no picture.
  const open = await codec.catch(() => undefined);
  // Dropped meanwhile: another picture may have broken it.
  if (open === undefined || opened !== codec) return undefined;
  let keep = false;
  try {
    const { decoder } = open;
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const info = decoder.getFrameInfo();
    const pixels = decoder.getDecodedBuffer();
    keep = true;
    if (info.width !== width || info.height !== height || info.componentCount !== components) return undefined;
    if (pixels.length !== width * height * components) return undefined;
    const copy = memory?.take(pixels.length) ?? new Uint8Array(pixels.length);
    copy.set(pixels);
    return ndArray(copy, [height, width, components]);
  } catch (complaint) {
    // The decoder throws texts by their address and is whole afterwards; anything else is a trap in it.
    keep = typeof complaint === 'number';
    return undefined;
  } finally {
    if ((!keep || open.memory() > maxKeptMemory) && opened === codec) opened = undefined;
  }
}

interface OpenCodec {
  readonly decoder: JpegDecoder;
  /** Bytes. */
  readonly memory: () => number;
}

/** What is used of the package's decoder; its buffers are views of its memory. */
interface JpegDecoder {
  getEncodedBuffer(length: number): Uint8ClampedArray;
  decode(): void;
  getDecodedBuffer(): Uint8ClampedArray<ArrayBuffer>;
  getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
}

interface CodecModule {
  readonly JPEGDecoder: new () => JpegDecoder;
  readonly HEAPU8: Uint8Array;
}

/** One per thread, from the first plain JPEG on. */
let opened: Promise<OpenCodec> | undefined;

async function openCodec(): Promise<OpenCodec> {
  // @ts-expect-error: the package has no types
  const { default: load } = (await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')) as {
    default: (options: object) => Promise<CodecModule>;
  };
  const silent = (): void => {};
  const module = await load({ print: silent, printErr: silent });
  return { decoder: new module.JPEGDecoder(), memory: () => module.HEAPU8.length };
}
