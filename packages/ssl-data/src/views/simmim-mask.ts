import {
  checkOptions,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
  type RandomStream,
} from '@selfsup/ssl-core';
import { checkMask, type PatchGrid } from './random-patch-mask.js';

export interface SimmimMaskOptions {
  /** Height and width of the image, pixels. */
  readonly size: readonly [height: number, width: number];
  /** Side of a square that is masked as a whole, pixels. */
  readonly maskPatch?: number;
  /** Side of the model's patch, pixels; divides `maskPatch`. */
  readonly modelPatch?: number;
  /** Part of the squares that is masked. */
  readonly ratio?: number;
}

const simmimMaskOptionNames: OptionNames<SimmimMaskOptions> = {
  size: 'required',
  maskPatch: 'optionalNumber',
  modelPatch: 'optionalNumber',
  ratio: 'optionalNumber',
};

/** Defaults of {@link simmimMask}: SimMIM (arXiv 2111.09886), section 4.1, for Swin. */
export const simmimMaskDefaults = { maskPatch: 32, modelPatch: 4, ratio: 0.6 } as const;

/**
 * Masks large squares at random, `ceil(squares ratio)` of them, and tells so for each of the model's patches.
 *
 * @returns uint8 `[height / modelPatch, width / modelPatch]`, 1 = masked
 * @throws InvalidOptionError when `maskPatch` does not divide the size, or `modelPatch` `maskPatch`
 * Source: Xie et al. 2021, arXiv 2111.09886, section 3.2; `MaskGenerator` in its reference code.
 */
export function simmimMask(options: SimmimMaskOptions, random: RandomStream): NdArray<Uint8Array> {
  const { size, maskPatch, modelPatch, ratio } = {
    ...simmimMaskDefaults,
    ...checkOptions('simmimMask', options, simmimMaskOptionNames),
  };
  if (!size.every((side) => Number.isInteger(side) && side > 0 && side % maskPatch === 0))
    throw new InvalidOptionError('simmimMask', 'size', `multiples of maskPatch (${maskPatch})`, `[${size.join(', ')}]`);
  if (!(Number.isInteger(modelPatch) && modelPatch > 0 && maskPatch % modelPatch === 0))
    throw new InvalidOptionError('simmimMask', 'modelPatch', `a divisor of maskPatch (${maskPatch})`, modelPatch);
  const grid: PatchGrid = [size[0] / maskPatch, size[1] / maskPatch];
  const squares = checkMask('simmimMask', grid, ratio);
  const masked = new Uint8Array(squares);
  for (const place of random.permutation(squares).subarray(0, Math.ceil(squares * ratio))) masked[place] = 1;
  const factor = maskPatch / modelPatch;
  const [rows, columns] = [grid[0] * factor, grid[1] * factor];
  const mask = Uint8Array.from(
    { length: rows * columns },
    (_, i) => masked[Math.floor(i / columns / factor) * grid[1] + Math.floor((i % columns) / factor)]!,
  );
  return ndArray(mask, [rows, columns]);
}
