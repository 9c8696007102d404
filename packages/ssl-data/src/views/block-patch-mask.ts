import {
  checkOptions,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
  type RandomStream,
} from '@selfsup/ssl-core';
import { checkMask, type PatchGrid } from './random-patch-mask.js';
import { roundHalfEven } from '../image/round-half-even.js';
import { checkRange, type Range } from './view.js';

export interface BlockPatchMaskOptions {
  /** Part that is masked. */
  readonly ratio?: number;
  /** Least patches of a block: 16 in BEiT, 4 in DINOv2. */
  readonly minPatches?: number;
  /** Most patches of a block. Default: as many as are to be masked. */
  readonly maxPatches?: number;
  /** Height over width of a block. */
  readonly aspect?: Range;
  /**
   * `exact` masks single patches at random where no further block fits, so that every mask has the same number;
   * `blocks` ends with fewer, as BEiT, iBOT and DINOv2 do.
   */
  readonly rest?: 'exact' | 'blocks';
}

const blockPatchMaskOptionNames: OptionNames<BlockPatchMaskOptions> = {
  ratio: 'optionalNumber',
  minPatches: 'optionalNumber',
  maxPatches: 'optionalNumber',
  aspect: 'optional',
  rest: 'optional',
};

/** Defaults of {@link blockPatchMask}: BEiT (arXiv 2106.08254), algorithm 1, with an exact number. */
export const blockPatchMaskDefaults = { ratio: 0.4, minPatches: 16, aspect: [0.3, 1 / 0.3], rest: 'exact' } as const;

/**
 * Masks rectangular blocks of patches, `floor(patches ratio)` patches in all.
 *
 * @param grid rows and columns of patches
 * @returns uint8 `[rows, columns]`, 1 = masked
 * @throws InvalidOptionError
 * Source: Bao et al. 2021 (BEiT), arXiv 2106.08254, algorithm 1; Oquab et al. 2023 (DINOv2), arXiv 2304.07193, and
 * `MaskingGenerator` in both reference codes.
 */
export function blockPatchMask(
  grid: PatchGrid,
  options: BlockPatchMaskOptions,
  random: RandomStream,
): NdArray<Uint8Array> {
  const { ratio, minPatches, aspect, rest, ...given } = {
    ...blockPatchMaskDefaults,
    ...checkOptions('blockPatchMask', options, blockPatchMaskOptionNames),
  };
  const patches = checkMask('blockPatchMask', grid, ratio);
  const wanted = Math.floor(patches * ratio);
  const { maxPatches = wanted } = given;
  checkRange('blockPatchMask', 'aspect', aspect, Number.MIN_VALUE, Number.MAX_VALUE);
  for (const [option, value] of Object.entries({ minPatches, maxPatches }))
    if (!(value >= 0)) throw new InvalidOptionError('blockPatchMask', option, 'not negative', value);
  const mask = new Uint8Array(patches);
  let masked = 0;
  while (masked < wanted) {
    const added = maskBlock(mask, grid, minPatches, Math.min(wanted - masked, maxPatches), aspect, random);
    if (added === 0) break;
    masked += added;
  }
  if (rest === 'exact') {
    for (const place of random.permutation(patches)) {
      if (masked >= wanted) break;
      masked += 1 - mask[place]!;
      mask[place] = 1;
    }
  }
  return ndArray(mask, [...grid]);
}

/** Masks one block that adds 1 to `most` patches, in ten tries. Returns how many it adds. */
function maskBlock(
  mask: Uint8Array,
  [rows, columns]: PatchGrid,
  least: number,
  most: number,
  aspect: Range,
  random: RandomStream,
): number {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = random.uniform(least, most);
    const ratio = Math.exp(random.uniform(Math.log(aspect[0]), Math.log(aspect[1])));
    const height = roundHalfEven(Math.sqrt(area * ratio));
    const width = roundHalfEven(Math.sqrt(area / ratio));
    if (height >= rows || width >= columns) continue;
    const top = random.integer(rows - height + 1);
    const left = random.integer(columns - width + 1);
    let added = 0;
    for (let y = top; y < top + height; y++)
      for (let x = left; x < left + width; x++) added += 1 - mask[y * columns + x]!;
    if (added === 0 || added > most) continue;
    for (let y = top; y < top + height; y++) mask.fill(1, y * columns + left, y * columns + left + width);
    return added;
  }
  return 0;
}
