import { histogram } from './histogram.js';
import type { Image } from './image.js';
import { mapLevels } from './map-levels.js';

/**
 * Spreads the values of each channel so that all are about equally frequent.
 *
 * @param image `[h, w, c]`
 * @returns `[h, w, c]`; a channel of one value, or of fewer than 256 pixels below its greatest value, stays
 * Source: torchvision's `equalize` on PIL images, Pillow's `ImageOps.equalize`.
 */
export function equalize(image: Image): Image {
  const counts = histogram(image);
  const table = new Uint8Array(counts.length);
  for (let channel = 0; channel < counts.length; channel += 256) {
    let total = 0;
    let greatest = 0;
    for (let value = 0; value < 256; value++) {
      const count = counts[channel + value]!;
      total += count;
      if (count > 0) greatest = count;
    }
    const step = Math.floor((total - greatest) / 255);
    let below = Math.floor(step / 2);
    for (let value = 0; value < 256; value++) {
      table[channel + value] = step === 0 ? value : Math.min(255, Math.floor(below / step));
      below += counts[channel + value]!;
    }
  }
  return mapLevels(image, table);
}
