import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { affine } from '../image/affine.js';
import { checkRange, type DescribedView, describedView, type Range } from './view.js';

export interface RandomAffineOptions {
  /** Rotation, degrees: a range, or `d` for `[-d, d]`. */
  readonly degrees: number | Range;
  /** Largest shift as a part of width and height, 0..1. Default none. */
  readonly translate?: readonly [x: number, y: number];
  /** Default none. */
  readonly scale?: Range;
  /** Shear, degrees: `d` for `[-d, d]` along x, a range along x, or ranges along x and y. Default none. */
  readonly shear?: number | Range | readonly [lowX: number, highX: number, lowY: number, highY: number];
  /** Default `nearest`. */
  readonly interpolation?: 'nearest' | 'bilinear';
  /** Value of pixels from outside, 0..255. Default 0. */
  readonly fill?: number | readonly number[];
}

const randomAffineOptionNames: OptionNames<RandomAffineOptions> = {
  degrees: 'required',
  translate: 'optional',
  scale: 'optional',
  shear: 'optional',
  interpolation: 'optional',
  fill: 'optional',
};

/** One draw of {@link randomAffine}. */
export interface RandomAffineParameters {
  /** Clockwise, degrees. */
  readonly angle: number;
  /** Right and down, pixels. */
  readonly translate: readonly [x: number, y: number];
  readonly scale: number;
  /** Degrees, parallel to x and to y. */
  readonly shear: readonly [x: number, y: number];
}

/**
 * Random rotation, shift, scale and shear about the centre.
 *
 * @returns a view `[h, w, c] -> [h, w, c]`
 * @throws InvalidOptionError
 * Source: torchvision's `RandomAffine` on PIL images.
 */
export function randomAffine(options: RandomAffineOptions): DescribedView<RandomAffineParameters> {
  checkOptions('randomAffine', options, randomAffineOptionNames);
  const { translate, scale, interpolation = 'nearest', fill = 0 } = options;
  checkChoice('randomAffine', 'interpolation', interpolation, ['nearest', 'bilinear']);
  const degrees = symmetric(options.degrees);
  const shear = options.shear === undefined ? undefined : symmetric(options.shear);
  checkRange('randomAffine', 'degrees', degrees, -Number.MAX_VALUE, Number.MAX_VALUE);
  if (translate !== undefined)
    for (const part of translate) checkRange('randomAffine', 'translate', [part, part], 0, 1);
  if (scale !== undefined) checkRange('randomAffine', 'scale', scale, Number.MIN_VALUE, Number.MAX_VALUE);
  if (shear !== undefined) checkRange('randomAffine', 'shear', [shear[0], shear[1]], -89, 89);
  if (shear?.length === 4) checkRange('randomAffine', 'shear', [shear[2], shear[3]], -89, 89);
  return describedView('randomAffine', options, {
    draw: (height, width, random) => {
      const angle = random.uniform(degrees[0], degrees[1]);
      let x = 0;
      let y = 0;
      if (translate !== undefined) {
        x = Math.round(random.uniform(-translate[0] * width, translate[0] * width));
        y = Math.round(random.uniform(-translate[1] * height, translate[1] * height));
      }
      const factor = scale === undefined ? 1 : random.uniform(scale[0], scale[1]);
      const shearX = shear === undefined ? 0 : random.uniform(shear[0], shear[1]);
      const shearY = shear?.length === 4 ? random.uniform(shear[2], shear[3]) : 0;
      return { angle, translate: [x, y], scale: factor, shear: [shearX, shearY] };
    },
    apply: (image, drawn) => affine(image, { ...drawn, interpolation, fill }),
  });
}

function symmetric<T extends readonly number[]>(value: number | T): T | Range {
  return typeof value === 'number' ? [-value, value] : value;
}
