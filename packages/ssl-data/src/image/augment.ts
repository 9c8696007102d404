import { checkOptions, InvalidOptionError, suggestion } from '@selfsup/ssl-core';
import { adjustBrightness, adjustContrast, adjustSaturation, solarizeAbove } from './adjust-color.js';
import { adjustSharpness } from './adjust-sharpness.js';
import { affine } from './affine.js';
import { autocontrast } from './autocontrast.js';
import { equalize } from './equalize.js';
import { checkIsImage, type Image } from './image.js';
import { invert } from './invert.js';
import { posterize } from './posterize.js';
import { rotate, rotateOptionNames, type RotateOptions } from './rotate.js';
import { shearHorizontally, shearVertically } from './shear.js';

const operations = {
  Identity: (image: Image) => image,
  ShearX: shearHorizontally,
  ShearY: shearVertically,
  TranslateX: (image: Image, pixels: number, outside: RotateOptions) =>
    affine(image, { translate: [Math.trunc(pixels), 0], ...outside }),
  TranslateY: (image: Image, pixels: number, outside: RotateOptions) =>
    affine(image, { translate: [0, Math.trunc(pixels)], ...outside }),
  Rotate: rotate,
  Brightness: (image: Image, change: number) => adjustBrightness(image, 1 + change),
  Color: (image: Image, change: number) => adjustSaturation(image, 1 + change),
  Contrast: (image: Image, change: number) => adjustContrast(image, 1 + change),
  Sharpness: (image: Image, change: number) => adjustSharpness(image, 1 + change),
  Posterize: (image: Image, bits: number) => posterize(image, Math.trunc(bits)),
  Solarize: (image: Image, threshold: number) => solarizeAbove(image, threshold),
  AutoContrast: (image: Image) => autocontrast(image),
  Equalize: (image: Image) => equalize(image),
  Invert: (image: Image) => invert(image),
} satisfies Record<string, (image: Image, magnitude: number, outside: RotateOptions) => Image>;

/** An operation of the augmentation policies, named as in AutoAugment's table 6. */
export type AugmentOperation = keyof typeof operations;

/**
 * One operation of AutoAugment, RandAugment and TrivialAugment.
 *
 * @param image `[h, w, 1 or 3]`
 * @param operation which
 * @param magnitude pixels per pixel for `ShearX`, `ShearY`; pixels right or down, cut to whole ones, for `TranslateX`,
 * `TranslateY`; degrees counter-clockwise for `Rotate`; what is added to the factor 1 for `Brightness`, `Color`,
 * `Contrast`, `Sharpness`; bits that stay for `Posterize`; the threshold for `Solarize`; the others have none
 * @returns the same shape
 * @throws InvalidOptionError
 * Source: Cubuk et al. 2018, arXiv 1805.09501, table 6; torchvision's `_apply_op` on PIL images.
 */
export function augment(
  image: Image,
  operation: AugmentOperation,
  magnitude: number,
  outside: RotateOptions = {},
): Image {
  checkOptions('augment', outside, rotateOptionNames, 'outside');
  checkIsImage('augment', image);
  if (!Object.hasOwn(operations, operation)) {
    const names = Object.keys(operations);
    const given: unknown = operation;
    const hint = typeof given === 'string' ? suggestion(given, names) : '';
    throw new InvalidOptionError('augment', 'operation', `one of ${names.join(', ')}${hint}`, operation);
  }
  const apply: (image: Image, magnitude: number, outside: RotateOptions) => Image = operations[operation];
  return apply(image, magnitude, outside);
}
