import { checkOptions } from '@selfsup/ssl-core';
import { affine } from './affine.js';
import { type Image, imageSize } from './image.js';
import { rotateOptionNames, type RotateOptions } from './rotate.js';

const degrees = 180 / Math.PI;

/**
 * Moves each row along x by `level` times its distance from the upper edge.
 *
 * @param image `[h, w, c]`
 * @param level pixels to the left per row; 0 = unchanged
 * @returns `[h, w, c]`
 * Source: AutoAugment (arXiv 1805.09501), torchvision's `ShearX` on PIL images.
 */
export function shearHorizontally(image: Image, level: number, options: RotateOptions = {}): Image {
  checkOptions('shearHorizontally', options, rotateOptionNames);
  const [height] = imageSize(image, 'shearHorizontally');
  // `affine` shears about the centre: moved back, so that the upper edge stays.
  return affine(image, {
    shear: [Math.atan(level) * degrees, 0],
    translate: [(-level * height) / 2, 0],
    ...options,
  });
}

/**
 * Moves each column along y by `level` times its distance from the left edge.
 *
 * @param image `[h, w, c]`
 * @param level pixels upwards per column; 0 = unchanged
 * @returns `[h, w, c]`
 * Source: AutoAugment (arXiv 1805.09501), torchvision's `ShearY` on PIL images.
 */
export function shearVertically(image: Image, level: number, options: RotateOptions = {}): Image {
  checkOptions('shearVertically', options, rotateOptionNames);
  const [, width] = imageSize(image, 'shearVertically');
  return affine(image, {
    shear: [0, Math.atan(level) * degrees],
    translate: [0, (-level * width) / 2],
    ...options,
  });
}
