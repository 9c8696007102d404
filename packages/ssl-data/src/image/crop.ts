import { checkOptions, InvalidOptionError, ndArray, type OptionNames } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { newPixels } from './pixel-memory.js';
import type { Box } from './box.js';
import { roundHalfEven } from './round-half-even.js';

/** What stands outside an image: a fixed value, the nearest edge pixel, the mirror image without (`reflect`) or with (`symmetric`) the edge pixel. */
export type Padding = 'constant' | 'edge' | 'reflect' | 'symmetric';

export interface CropOptions {
  /** Default `constant`. */
  readonly padding?: Padding;
  /** Value outside for `constant`, 0..255, one or one per channel. Default 0. */
  readonly fill?: number | readonly number[];
}

/** Names of {@link CropOptions}. */
export const cropOptionNames: OptionNames<CropOptions> = {
  padding: 'optional',
  fill: 'optional',
};

/**
 * Cuts a rectangle out of an image; what lies outside the image is padded. A box larger than the image pads it.
 *
 * @param image `[h, w, c]`
 * @param box whole pixels; `top` and `left` may be negative
 * @returns `[box.height, box.width, c]`
 * @throws InvalidOptionError for a box that is not of whole pixels or empty, or a fill of the wrong length
 * Source: torchvision's `pad` and `crop` on PIL images.
 */
export function crop(image: Image, box: Box, options: CropOptions = {}): Image {
  checkOptions('crop', options, cropOptionNames);
  const [height, width, channels] = imageSize(image, 'crop');
  const { padding = 'constant', fill = 0 } = options;
  const whole = [box.top, box.left, box.height, box.width].every((side) => Number.isSafeInteger(side));
  if (!whole || box.height < 1 || box.width < 1)
    throw new InvalidOptionError('crop', 'box', 'whole pixels, at least 1 x 1', JSON.stringify(box));
  const out = newPixels(box.height * box.width * channels);
  if (padding === 'constant') fillWith(out, channels, fill);
  const { data } = image;
  const columns = sources(box.left, box.width, width, padding);
  let to = 0;
  for (const row of sources(box.top, box.height, height, padding)) {
    for (const column of columns) {
      if (row >= 0 && column >= 0) {
        const from = (row * width + column) * channels;
        for (let channel = 0; channel < channels; channel++) out[to + channel] = data[from + channel]!;
      }
      to += channels;
    }
  }
  return ndArray(out, [box.height, box.width, channels]);
}

function fillWith(out: Uint8Array, channels: number, fill: number | readonly number[]): void {
  if (typeof fill === 'number') {
    out.fill(fill);
    return;
  }
  if (fill.length !== channels)
    throw new InvalidOptionError('crop', 'fill', `one number or ${channels} numbers`, fill.length);
  for (let i = 0; i < out.length; i++) out[i] = fill[i % channels]!;
}

/** Which pixel of an axis each of `count` places from `start` on shows; -1 for none. */
function sources(start: number, count: number, size: number, padding: Padding): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    const place = start + i;
    if (place >= 0 && place < size) return place;
    if (padding === 'constant') return -1;
    if (padding === 'edge') return place < 0 ? 0 : size - 1;
    // A mirrored axis repeats after there and back; `reflect` passes the edge pixels once, `symmetric` twice.
    const twice = padding === 'symmetric' ? 1 : 0;
    const period = 2 * (size - 1 + twice);
    if (period === 0) return 0;
    const phase = ((place % period) + period) % period;
    return phase < size ? phase : period - phase - twice;
  });
}

/**
 * The box of the central `height` x `width` pixels; it leaves an image that is smaller on both sides alike.
 *
 * Source: torchvision's `center_crop`.
 */
export function centralBox(imageHeight: number, imageWidth: number, height: number, width: number): Box {
  return { top: centralStart(imageHeight, height), left: centralStart(imageWidth, width), height, width };
}

function centralStart(size: number, part: number): number {
  return part > size ? -Math.floor((part - size) / 2) : roundHalfEven((size - part) / 2);
}
