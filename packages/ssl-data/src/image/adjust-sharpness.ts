import { ndArray } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';

const { fround } = Math;

/**
 * Blends with the smoothed image: centre 5 / 13, eight neighbours 1 / 13 each; the outermost pixels stay.
 *
 * @param image `[h, w, c]`
 * @param factor 0 = smoothed, 1 = unchanged, above 1 = sharpened
 * @returns `[h, w, c]`
 * Source: torchvision's `adjust_sharpness` on PIL images, Pillow's `ImageFilter.SMOOTH` and `Blend.c`.
 */
export function adjustSharpness(image: Image, factor: number): Image {
  const [height, width, channels] = imageSize(image, 'adjustSharpness');
  const { data } = image;
  const out = Uint8Array.from(data);
  const stride = width * channels;
  const share = fround(factor);
  for (let y = 1; y < height - 1; y++) {
    const end = (y + 1) * stride - channels;
    for (let i = y * stride + channels; i < end; i++) {
      const value = data[i]!;
      const above = i - stride;
      const below = i + stride;
      const sum =
        data[above - channels]! +
        data[above]! +
        data[above + channels]! +
        data[i - channels]! +
        5 * value +
        data[i + channels]! +
        data[below - channels]! +
        data[below]! +
        data[below + channels]!;
      const smooth = ((2 * sum + 13) / 26) | 0;
      const blended = fround(smooth + fround(share * (value - smooth)));
      out[i] = blended <= 0 ? 0 : blended >= 255 ? 255 : blended;
    }
  }
  return ndArray(out, image.shape);
}
