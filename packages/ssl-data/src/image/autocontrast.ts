import { histogram } from './histogram.js';
import type { Image } from './image.js';
import { mapLevels } from './map-levels.js';

/**
 * Stretches the values of each channel to the full range.
 *
 * @param image `[h, w, c]`
 * @returns `[h, w, c]`; a channel of one value stays
 * Source: torchvision's `autocontrast` on PIL images, Pillow's `ImageOps.autocontrast`.
 */
export function autocontrast(image: Image): Image {
  const counts = histogram(image);
  const table = new Uint8Array(counts.length);
  for (let channel = 0; channel < counts.length; channel += 256) {
    const values = counts.subarray(channel, channel + 256);
    const low = values.findIndex((count) => count > 0);
    const high = values.findLastIndex((count) => count > 0);
    const scale = high > low ? 255 / (high - low) : 1;
    const offset = high > low ? -low * scale : 0;
    for (let value = 0; value < 256; value++)
      table[channel + value] = Math.min(255, Math.max(0, Math.trunc(value * scale + offset)));
  }
  return mapLevels(image, table);
}
