import { ndArray } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { mapPixels } from './kernels/map-pixels.js';
import { newPixels } from './pixel-memory.js';

/** Mirror image, left to right. @param image `[h, w, c]` @returns `[h, w, c]` */
export function flipHorizontally(image: Image): Image {
  const [height, width, channels] = imageSize(image, 'flipHorizontally');
  const { data } = image;
  if (channels === 3)
    return mapPixels(
      image,
      ({ mirrorRows }, source, target, length) => mirrorRows(source, target, width, length / (3 * width)),
      width,
    );
  const out = newPixels(data.length);
  for (let y = 0; y < height; y++) {
    let from = (y + 1) * width * channels - channels;
    let to = y * width * channels;
    for (let x = 0; x < width; x++, from -= channels, to += channels) {
      for (let channel = 0; channel < channels; channel++) out[to + channel] = data[from + channel]!;
    }
  }
  return ndArray(out, image.shape);
}

/** Mirror image, top to bottom. @param image `[h, w, c]` @returns `[h, w, c]` */
export function flipVertically(image: Image): Image {
  const [height, width, channels] = imageSize(image, 'flipVertically');
  const stride = width * channels;
  const out = newPixels(image.data.length);
  for (let y = 0; y < height; y++)
    out.set(image.data.subarray(y * stride, (y + 1) * stride), (height - 1 - y) * stride);
  return ndArray(out, image.shape);
}
