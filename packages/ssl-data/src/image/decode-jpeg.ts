import type { Image } from './image.js';
import type { PlainJpeg } from './jpeg-structure.js';
import { nativeTurboJpeg } from './native-turbojpeg.js';
import type { PixelMemory } from './pixel-memory.js';
import { decodeByWasm } from './wasm-turbojpeg.js';

/**
 * Decodes a plain JPEG in the calling thread, without the pipeline's fixed cost for every picture: by the machine's own
 * libjpeg-turbo where it can be had, else by the same as WebAssembly.
 *
 * @param bytes the whole file
 * @param plain what its markers say, by `jpegStructure`
 * @param memory for the pixels; default new memory
 * @returns `[height, width, components]`, the pixels that sharp's decoder gives; `undefined` for a picture that is too
 * large for these decoders or about which they have any complaint, warnings included
 * Deviates in files that are damaged without a trace, by codes for levels far outside 0..255, which are clipped in
 * another way, as sharp's own decoder does on processors without its vector instructions.
 * @throws DataError when SSL_TURBOJPEG names a library that cannot be used
 *
 * Source: libjpeg-turbo; slow integer DCT and smooth chroma, as in libvips and Pillow.
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  plain: PlainJpeg,
  memory?: PixelMemory,
): Promise<Image | undefined> {
  const native = await nativeTurboJpeg();
  return native?.decode(bytes, plain, memory) ?? (await decodeByWasm(bytes, plain, memory));
}
