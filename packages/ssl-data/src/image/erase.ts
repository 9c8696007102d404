import { InvalidOptionError, ndArray, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { copyPixels } from './pixel-memory.js';
import type { Box } from './box.js';

/** What a rectangle is filled with: one value, one per channel, or noise from a key, uniform over 0..255. */
export type EraseFill = number | readonly number[] | { readonly noise: RandomKey };

/**
 * Fills a rectangle; what of it lies outside the image is left out.
 *
 * @param image `[h, w, c]`
 * @param box whole pixels
 * @returns `[h, w, c]`
 * @throws InvalidOptionError for a fill of the wrong length
 * Source: torchvision's `erase`.
 */
export function erase(image: Image, box: Box, fill: EraseFill): Image {
  const [height, width, channels] = imageSize(image, 'erase');
  const out = copyPixels(image.data);
  const value = filler(fill, channels);
  const bottom = Math.min(height, box.top + box.height);
  const right = Math.min(width, box.left + box.width);
  for (let y = Math.max(0, box.top); y < bottom; y++) {
    for (let x = Math.max(0, box.left); x < right; x++) {
      const to = (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) out[to + channel] = value(channel);
    }
  }
  return ndArray(out, image.shape);
}

function filler(fill: EraseFill, channels: number): (channel: number) => number {
  if (typeof fill === 'number') return () => fill;
  if ('noise' in fill) {
    const random = new RandomStream(fill.noise);
    return () => random.bits() >>> 24;
  }
  if (fill.length !== channels)
    throw new InvalidOptionError('erase', 'fill', `one number or ${channels} numbers`, fill.length);
  return (channel) => fill[channel]!;
}
