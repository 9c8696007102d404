import type { RandomStream } from '@selfsup/ssl-core';
import type { AugmentOperation } from '../image/augment.js';
import { roundHalfEven } from '../image/round-half-even.js';

/** Magnitudes of an operation, from the weakest to the strongest bin. */
export interface MagnitudeScale {
  /** The magnitude of a bin; operations that have no strength are without. */
  readonly magnitude?: (bin: number, bins: number, height: number, width: number) => number;
  /** Whether the sign is drawn. */
  readonly signed: boolean;
}

/** The operations that a policy draws from, in the order of their numbers. */
export type AugmentationSpace = ReadonlyMap<AugmentOperation, MagnitudeScale>;

/** An operation with its strength, as drawn. */
export interface DrawnOperation {
  readonly operation: AugmentOperation;
  readonly magnitude: number;
}

/** Greatest magnitudes of a space. */
interface Extent {
  readonly shear: number;
  /** A part of the side, or pixels. */
  readonly translate: { readonly part: number } | { readonly pixels: number };
  readonly rotate: number;
  readonly enhance: number;
  /** Bits that the strongest `Posterize` takes away. */
  readonly posterize: number;
}

const linear =
  (from: number, to: number): NonNullable<MagnitudeScale['magnitude']> =>
  (bin, bins) =>
    from + ((to - from) * bin) / (bins - 1);

function makeSpace(operations: readonly AugmentOperation[], extent: Extent): AugmentationSpace {
  const { shear, translate, rotate, enhance, posterize } = extent;
  const shift =
    (side: 'height' | 'width'): NonNullable<MagnitudeScale['magnitude']> =>
    (bin, bins, height, width) =>
      ('pixels' in translate ? translate.pixels : translate.part * (side === 'height' ? height : width)) *
      (bin / (bins - 1));
  const enhanced: MagnitudeScale = { signed: true, magnitude: linear(0, enhance) };
  const none: MagnitudeScale = { signed: false };
  const scales: Record<AugmentOperation, MagnitudeScale> = {
    Identity: none,
    ShearX: { signed: true, magnitude: linear(0, shear) },
    ShearY: { signed: true, magnitude: linear(0, shear) },
    TranslateX: { signed: true, magnitude: shift('width') },
    TranslateY: { signed: true, magnitude: shift('height') },
    Rotate: { signed: true, magnitude: linear(0, rotate) },
    Brightness: enhanced,
    Color: enhanced,
    Contrast: enhanced,
    Sharpness: enhanced,
    Posterize: { signed: false, magnitude: (bin, bins) => 8 - roundHalfEven((bin * posterize) / (bins - 1)) },
    Solarize: { signed: false, magnitude: linear(255, 0) },
    AutoContrast: none,
    Equalize: none,
    Invert: none,
  };
  return new Map(operations.map((operation) => [operation, scales[operation]]));
}

const common = [
  'ShearX',
  'ShearY',
  'TranslateX',
  'TranslateY',
  'Rotate',
  'Brightness',
  'Color',
  'Contrast',
  'Sharpness',
  'Posterize',
  'Solarize',
  'AutoContrast',
  'Equalize',
] as const;
const autoAugmentExtent = { shear: 0.3, translate: { part: 150 / 331 }, rotate: 30, enhance: 0.9, posterize: 4 };

/** RandAugment's operations. Source: Cubuk et al. 2019, arXiv 1909.13719, section 3; torchvision's `RandAugment`. */
export const randAugmentSpace = makeSpace(['Identity', ...common], autoAugmentExtent);

/** TrivialAugment's wide operations. Source: Müller and Hutter 2021, arXiv 2103.10158, table 1 ('Wide'); torchvision's `TrivialAugmentWide`. */
export const trivialAugmentSpace = makeSpace(['Identity', ...common], {
  shear: 0.99,
  translate: { pixels: 32 },
  rotate: 135,
  enhance: 0.99,
  posterize: 6,
});

/** AutoAugment's operations. Source: Cubuk et al. 2018, arXiv 1805.09501, table 6; torchvision's `AutoAugment`. */
export const autoAugmentSpace = makeSpace([...common, 'Invert'], autoAugmentExtent);

/** Number of the operation, then bin (where it is drawn), then sign. @param bin fixed, or drawn by `random` for operations that have magnitudes */
export function drawOperation(
  space: AugmentationSpace,
  bin: number | 'random',
  bins: number,
  height: number,
  width: number,
  random: RandomStream,
): DrawnOperation {
  const [operation, { magnitude, signed }] = [...space][random.integer(space.size)]!;
  if (magnitude === undefined) return { operation, magnitude: 0 };
  const size = magnitude(bin === 'random' ? random.integer(bins) : bin, bins, height, width);
  return { operation, magnitude: signed && random.bernoulli(0.5) ? -size : size };
}
