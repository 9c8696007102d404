import { checkChoice, checkOptions, InvalidOptionError, ndArray, type OptionNames } from '@selfsup/ssl-core';
import { type Image, imageSize } from './image.js';
import { newPixels } from './pixel-memory.js';

/** An affine change of an image about its centre. */
export interface AffineOptions {
  /** Clockwise, degrees. */
  readonly angle?: number;
  /** Right and down, pixels. */
  readonly translate?: readonly [x: number, y: number];
  readonly scale?: number;
  /** Degrees, parallel to x and to y. */
  readonly shear?: readonly [x: number, y: number];
  readonly interpolation?: 'nearest' | 'bilinear';
  /** Value of the pixels that come from outside: one for all channels or one per channel, 0..255. */
  readonly fill?: number | readonly number[];
}

const affineOptionNames: OptionNames<AffineOptions> = {
  angle: 'optionalNumber',
  translate: 'optional',
  scale: 'optionalNumber',
  shear: 'optional',
  interpolation: 'optional',
  fill: 'optional',
};

/** Maps output to input coordinates: `x' = m[0] x + m[1] y + m[2]`, `y' = m[3] x + m[4] y + m[5]`. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

const radians = Math.PI / 180;

/**
 * Inverse matrix of rotation, shear, scale about the centre and translation.
 *
 * Source: torchvision's `_get_inverse_affine_matrix` with `center = (width / 2, height / 2)`.
 */
export function inverseAffineMatrix(width: number, height: number, options: AffineOptions): AffineMatrix {
  const { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0] } = options;
  if (!(scale > 0)) throw new InvalidOptionError('affine', 'scale', 'positive', scale);
  const rotation = angle * radians;
  const shearX = shear[0] * radians;
  const shearY = shear[1] * radians;
  const a = Math.cos(rotation - shearY) / Math.cos(shearY);
  const b = (-Math.cos(rotation - shearY) * Math.tan(shearX)) / Math.cos(shearY) - Math.sin(rotation);
  const c = Math.sin(rotation - shearY) / Math.cos(shearY);
  const d = (-Math.sin(rotation - shearY) * Math.tan(shearX)) / Math.cos(shearY) + Math.cos(rotation);
  const centerX = width * 0.5;
  const centerY = height * 0.5;
  const x = -centerX - translate[0];
  const y = -centerY - translate[1];
  const m0 = d / scale;
  const m1 = -b / scale;
  const m3 = -c / scale;
  const m4 = a / scale;
  return [m0, m1, m0 * x + m1 * y + centerX, m3, m4, m3 * x + m4 * y + centerY];
}

/**
 * Rotates, shears, scales and moves an image; the size stays.
 *
 * @param image `[h, w, c]`
 * @returns `[h, w, c]`
 * @throws InvalidOptionError for a scale that is not positive or a fill of the wrong length
 * Source: torchvision's `affine` on PIL images, Pillow's `Geometry.c`; nearest is equal bit for bit.
 */
export function affine(image: Image, options: AffineOptions): Image {
  checkOptions('affine', options, affineOptionNames);
  const { interpolation = 'nearest' } = options;
  checkChoice('affine', 'interpolation', interpolation, ['nearest', 'bilinear']);
  const [height, width, channels] = imageSize(image, 'affine');
  const matrix = inverseAffineMatrix(width, height, options);
  const out = newPixels(image.data.length);
  fillOutside(out, channels, options.fill ?? 0);
  if (options.interpolation === 'bilinear') bilinear(image.data, height, width, channels, matrix, out);
  else if (matrix[1] === 0 && matrix[3] === 0) scaled(image.data, height, width, channels, matrix, out);
  else nearest(image.data, height, width, channels, matrix, out);
  return ndArray(out, image.shape);
}

function fillOutside(out: Uint8Array, channels: number, fill: number | readonly number[]): void {
  if (typeof fill === 'number') {
    out.fill(fill);
    return;
  }
  if (fill.length !== channels)
    throw new InvalidOptionError('affine', 'fill', `one number or ${channels} numbers`, fill.length);
  for (let i = 0; i < out.length; i++) out[i] = fill[i % channels]!;
}

const fixed = (value: number): number => Math.floor(value * 65536 + 0.5);

/** Nearest neighbour in 16.16 fixed point, as Pillow steps it. */
function nearest(
  source: Uint8Array,
  height: number,
  width: number,
  channels: number,
  m: AffineMatrix,
  out: Uint8Array,
): void {
  const stepX = fixed(m[0]);
  const stepY = fixed(m[3]);
  const rowX = fixed(m[1]);
  const rowY = fixed(m[4]);
  let startX = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5);
  let startY = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  let to = 0;
  for (let y = 0; y < height; y++) {
    let fromX = startX;
    let fromY = startY;
    if (channels === 1) {
      for (let x = 0; x < width; x++, to++, fromX += stepX, fromY += stepY) {
        const column = fromX >> 16;
        const row = fromY >> 16;
        // Unsigned, so that one comparison covers both ends.
        if (column >>> 0 < width && row >>> 0 < height) out[to] = source[row * width + column]!;
      }
    } else {
      for (let x = 0; x < width; x++, to += channels, fromX += stepX, fromY += stepY) {
        const column = fromX >> 16;
        const row = fromY >> 16;
        if (column >>> 0 >= width || row >>> 0 >= height) continue;
        const from = (row * width + column) * channels;
        for (let channel = 0; channel < channels; channel++) out[to + channel] = source[from + channel]!;
      }
    }
    startX += rowX;
    startY += rowY;
  }
}

/** Nearest neighbour without rotation or shear, where Pillow steps in floating point instead. */
function scaled(
  source: Uint8Array,
  height: number,
  width: number,
  channels: number,
  m: AffineMatrix,
  out: Uint8Array,
): void {
  let fromY = m[5] + m[4] * 0.5;
  for (let y = 0; y < height; y++, fromY += m[4]) {
    if (fromY < 0 || fromY >= height) continue;
    const row = Math.trunc(fromY) * width;
    let fromX = m[2] + m[0] * 0.5;
    for (let x = 0; x < width; x++, fromX += m[0]) {
      if (fromX < 0 || fromX >= width) continue;
      const from = (row + Math.trunc(fromX)) * channels;
      const to = (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) out[to + channel] = source[from + channel]!;
    }
  }
}

function bilinear(
  source: Uint8Array,
  height: number,
  width: number,
  channels: number,
  m: AffineMatrix,
  out: Uint8Array,
): void {
  const stride = width * channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2];
      const fromY = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
      if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) continue;
      const left = Math.floor(fromX - 0.5);
      const top = Math.floor(fromY - 0.5);
      const shareX = fromX - 0.5 - left;
      const shareY = fromY - 0.5 - top;
      const x0 = Math.max(left, 0) * channels;
      const x1 = Math.min(left + 1, width - 1) * channels;
      const upper = Math.max(top, 0) * stride;
      const lower = Math.min(top + 1, height - 1) * stride;
      const to = y * stride + x * channels;
      for (let channel = 0; channel < channels; channel++) {
        const a = source[upper + x0 + channel]!;
        const b = source[upper + x1 + channel]!;
        const c = source[lower + x0 + channel]!;
        const d = source[lower + x1 + channel]!;
        const first = a + (b - a) * shareX;
        const second = c + (d - c) * shareX;
        // Pillow truncates here, it does not round.
        out[to + channel] = Math.trunc(first + (second - first) * shareY);
      }
    }
  }
}
