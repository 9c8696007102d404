import { checkShare, InvalidOptionError, ndArray, type NdArray, type RandomStream } from '@selfsup/ssl-core';

/** Rows and columns of the patches of an image. */
export type PatchGrid = readonly [rows: number, columns: number];

/** @throws InvalidOptionError unless the grid has whole positive sides and the ratio lies within 0..1 */
export function checkMask(where: string, grid: PatchGrid, ratio: number): number {
  if (!(grid.length === 2 && grid.every((side) => Number.isInteger(side) && side > 0)))
    throw new InvalidOptionError(where, 'grid', '[rows, columns], positive integers', `[${grid.join(', ')}]`);
  checkShare(where, { ratio });
  return grid[0] * grid[1];
}

/**
 * Masks patches at random, an exact number: all but `floor(patches (1 - ratio))`.
 *
 * @param grid rows and columns of patches
 * @param ratio part that is masked; MAE has 0.75
 * @returns uint8 `[rows, columns]`, 1 = masked
 * @throws InvalidOptionError
 * Source: He et al. 2021, arXiv 2111.06377; `random_masking` in its reference code.
 */
export function randomPatchMask(grid: PatchGrid, ratio: number, random: RandomStream): NdArray<Uint8Array> {
  const patches = checkMask('randomPatchMask', grid, ratio);
  const kept = Math.floor(patches * (1 - ratio));
  const mask = new Uint8Array(patches).fill(1);
  for (const place of random.permutation(patches).subarray(0, kept)) mask[place] = 0;
  return ndArray(mask, [...grid]);
}
