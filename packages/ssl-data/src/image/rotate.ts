import { checkOptions, ndArray, type OptionNames } from '@selfsup/ssl-core';
import { affine } from './affine.js';
import { crop } from './crop.js';
import { type Image, imageSize } from './image.js';
import { newPixels } from './pixel-memory.js';

export interface RotateOptions {
  /** Default `nearest`. */
  readonly interpolation?: 'nearest' | 'bilinear';
  /** Value of pixels from outside, 0..255, one or one per channel. Default 0. */
  readonly fill?: number | readonly number[];
}

/** Names of {@link RotateOptions}. */
export const rotateOptionNames: OptionNames<RotateOptions> = {
  interpolation: 'optional',
  fill: 'optional',
};

/**
 * Rotates about the centre; the size stays.
 *
 * @param image `[h, w, c]`
 * @param angle counter-clockwise, degrees
 * @returns `[h, w, c]`
 * @throws InvalidOptionError for a fill of the wrong length
 * Source: torchvision's `rotate` with `expand=False` on PIL images; equal bit for bit, but within one level for
 * bilinear rotation by multiples of 45 degrees, where a rounded sine decides between two levels.
 */
export function rotate(image: Image, angle: number, options: RotateOptions = {}): Image {
  checkOptions('rotate', options, rotateOptionNames);
  const [height, width] = imageSize(image, 'rotate');
  const turned = ((angle % 360) + 360) % 360;
  if (turned === 0) return image;
  const turns = turned / 90;
  if (turns === 2) return quarterTurns(image, 2);
  if (Number.isInteger(turns) && (height - width) % 2 === 0) {
    // Whole pixels fall on whole pixels: what the turned image has too much is cut off, what it lacks is filled.
    const box = { top: (width - height) / 2, left: (height - width) / 2, height, width };
    return crop(quarterTurns(image, turns), box, { fill: options.fill ?? 0 });
  }
  // Between -180 and 180 degrees, where sine and cosine of right angles are exact enough for the nearest pixel.
  return affine(image, { angle: turned > 180 ? 360 - turned : -turned, ...options });
}

/**
 * Rotates by right angles without interpolation.
 *
 * @param image `[h, w, c]`
 * @param turns counter-clockwise, whole quarters of a turn, any sign
 * @returns `[h, w, c]`, for an odd number of turns `[w, h, c]`
 * Source: NumPy's `rot90`.
 */
export function quarterTurns(image: Image, turns: number): Image {
  const [height, width, channels] = imageSize(image, 'quarterTurns');
  const quarter = ((turns % 4) + 4) % 4;
  if (quarter === 0) return image;
  const { data } = image;
  const out = newPixels(data.length);
  const [rows, columns] = quarter === 2 ? [height, width] : [width, height];
  let to = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const row = quarter === 1 ? x : quarter === 2 ? height - 1 - y : height - 1 - x;
      const column = quarter === 1 ? width - 1 - y : quarter === 2 ? width - 1 - x : y;
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) out[to++] = data[from + channel]!;
    }
  }
  return ndArray(out, [rows, columns, channels]);
}
