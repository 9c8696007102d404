import { ndArray } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { newPixels } from './pixel-memory.js';

/** Sends every value through a table. @param image `[h, w, c]` @param table `[256]`, one for all channels, or `[c * 256]`, channel after channel @returns `[h, w, c]` */
export function mapLevels(image: Image, table: Uint8Array): Image {
  const { data, shape } = image;
  const out = newPixels(data.length);
  if (table.length === 256) {
    for (let i = 0; i < data.length; i++) out[i] = table[data[i]!]!;
    return ndArray(out, shape);
  }
  const channels = imageSize(image, 'mapLevels')[2];
  for (let i = 0; i < data.length; i += channels)
    for (let channel = 0; channel < channels; channel++) out[i + channel] = table[channel * 256 + data[i + channel]!]!;
  return ndArray(out, shape);
}
