import { checkIsImage, type Image } from './image.js';
import { mapLevels } from './map-levels.js';

const table = Uint8Array.from({ length: 256 }, (_, value) => 255 - value);

/** Negative. @param image `[h, w, c]` @returns `[h, w, c]`. Source: torchvision's `invert` on PIL images. */
export function invert(image: Image): Image {
  checkIsImage('invert', image);
  return mapLevels(image, table);
}
