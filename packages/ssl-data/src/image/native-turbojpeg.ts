import { DataError, ndArray } from '@selfsup/ssl-core';
import type { Image } from './image.js';
import type { PlainJpeg } from './jpeg-structure.js';
import type { PixelMemory } from './pixel-memory.js';
import { loadKoffi } from './native-packages.js';

/** The machine's own libjpeg-turbo. */
export interface NativeTurboJpeg {
  /** Name or path under which the library was found. */
  readonly library: string;
  /**
   * Decodes a plain JPEG in the calling thread.
   *
   * @param bytes the whole file
   * @param plain what its markers say, by `jpegStructure`
   * @param memory for the pixels; default new memory
   * @returns `[height, width, components]`; `undefined` for a picture that is too large to hold up the thread, whose
   * chroma is laid out in an unusual way, or about which the library has any complaint, warnings included
   */
  decode(bytes: Uint8Array, plain: PlainJpeg, memory?: PixelMemory): Image | undefined;
}

/** Pixels of a picture at most: it holds up its thread for some 0.15 s. */
const maxPixels = 2 ** 25;

/**
 * libjpeg-turbo's TurboJPEG library, called through koffi: with vector instructions, three times as fast as the
 * WebAssembly build, to the same pixels.
 *
 * It is used when the optional package `koffi` is installed and the system has the library (Debian and Ubuntu:
 * `libturbojpeg0` or `libturbojpeg`; Fedora: `turbojpeg`; Homebrew: `jpeg-turbo`). The environment variable
 * SSL_TURBOJPEG names a file instead, or `off`.
 *
 * @returns `undefined` where it cannot be had; the same object in all calls of a thread
 * @throws DataError when SSL_TURBOJPEG names a library that cannot be used
 */
export function nativeTurboJpeg(): Promise<NativeTurboJpeg | undefined> {
  return (opened ??= openTurboJpeg(process.env['SSL_TURBOJPEG']));
}

let opened: Promise<NativeTurboJpeg | undefined> | undefined;

/** Where the linker looks is its own matter; on Windows it would look into the working directory too. */
const libraries: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['libturbojpeg.so.0'],
  darwin: [
    'libturbojpeg.0.dylib',
    '/opt/homebrew/opt/jpeg-turbo/lib/libturbojpeg.0.dylib',
    '/usr/local/opt/jpeg-turbo/lib/libturbojpeg.0.dylib',
  ],
};

/** @param wanted path of the library, `off`, or nothing for the system's */
export async function openTurboJpeg(wanted: string | undefined): Promise<NativeTurboJpeg | undefined> {
  if (wanted === 'off') return undefined;
  const named = wanted !== undefined && wanted !== '';
  let reason: unknown;
  for (const library of named ? [wanted] : (libraries[process.platform] ?? [])) {
    try {
      return await bind(library);
    } catch (error) {
      reason = error;
    }
  }
  if (!named) return undefined;
  throw new DataError(
    `SSL_TURBOJPEG: cannot be used: ${reason instanceof Error ? reason.message : String(reason)}; name the TurboJPEG library of libjpeg-turbo and install the package koffi, or unset SSL_TURBOJPEG`,
    { path: wanted, cause: reason },
  );
}

/** Layouts of chroma that every version smooths alike: 4:4:4, 4:2:2, 4:2:0 and grey. */
const commonLayouts: ReadonlySet<number> = new Set([0, 1, 2, 3]);
const pixelFormat = { 1: 6, 3: 0 } as const;
/** Warnings are errors; progressive pictures of many scans are refused. */
const flags = 8192 | 32768;

/** Source: turbojpeg.h, version 1.4 and later (the functions of version 2 are in version 3 too). */
async function bind(library: string): Promise<NativeTurboJpeg> {
  const koffi = await loadKoffi();
  const loaded = koffi.load(library);
  const create = loaded.func('void *tjInitDecompress()') as () => unknown;
  const readHeader = loaded.func(
    'int tjDecompressHeader3(void *handle, const uint8_t *jpeg, unsigned long size, _Out_ int *width, _Out_ int *height, _Out_ int *layout, _Out_ int *colors)',
  ) as (handle: unknown, jpeg: Uint8Array, size: number, ...out: (readonly [number])[]) => number;
  const decompress = loaded.func(
    'int tjDecompress2(void *handle, const uint8_t *jpeg, unsigned long size, uint8_t *pixels, int width, int pitch, int height, int format, int flags)',
  ) as (handle: unknown, jpeg: Uint8Array, size: number, pixels: Uint8Array, ...numbers: number[]) => number;
  const destroy = loaded.func('int tjDestroy(void *handle)') as (handle: unknown) => number;
  const opened = (): unknown => {
    const made = create();
    if (made === null) throw new Error(`${library}: no decoder; out of memory?`);
    return made;
  };
  let handle = opened();
  // A header in error leaves the decoder in the middle of it.
  const leave = (): undefined => {
    destroy(handle);
    handle = opened();
  };
  return {
    library,
    decode(bytes, { width, height, components }, memory) {
      if (width * height > maxPixels) return undefined;
      const [foundWidth, foundHeight, layout, colors]: [number][] = [[0], [0], [0], [0]];
      if (readHeader(handle, bytes, bytes.length, foundWidth!, foundHeight!, layout!, colors!) !== 0) return leave();
      if (foundWidth![0] !== width || foundHeight![0] !== height || !commonLayouts.has(layout![0])) return undefined;
      // Every byte is written where the library reports success, so they need not be zeroed first.
      const length = width * height * components;
      const pixels = memory?.take(length) ?? new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      const code = decompress(handle, bytes, bytes.length, pixels, width, 0, height, pixelFormat[components], flags);
      return code === 0 ? ndArray(pixels, [height, width, components]) : leave();
    },
  };
}
