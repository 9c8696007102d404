import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { checkOptions, isNdArray, type OptionNames } from '@selfsup/ssl-tensor/host';
import { bicubicMatrix } from './bicubic-matrix.js';

/** Rows and columns of patches. */
export type Grid = readonly [rows: number, columns: number];

/** Options of {@link resizePositions}. */
export interface ResizePositionsOptions {
  /** Rows and columns wanted. */
  readonly to: Grid;
  /** Rows and columns there are. Default: a square. */
  readonly from?: Grid;
  /** Leading tokens that have no place in the grid, copied as they are. Default 1, the class token. */
  readonly prefix?: number;
  /**
   * As timm: widen the cubic where the grid shrinks, slope -0.5. Without, as DINOv2: never widened, slope -0.75. Default
   * true.
   */
  readonly antialias?: boolean;
}

const resizePositionsOptionNames: OptionNames<ResizePositionsOptions> = {
  to: 'required',
  from: 'optional',
  prefix: 'optionalNumber',
  antialias: 'optionalFlag',
};

/**
 * Position embeddings of one grid of patches, interpolated to another: what a state dict's `pos_embed` needs for a model
 * of another picture or patch size. What a {@link VisionTransformer} does by itself with images of another size.
 *
 * @param positions float32 `[1, prefix + rows * columns, dim]`
 * @returns float32 `[1, prefix + to rows * to columns, dim]`
 * @throws ShapeError for positions that are not of such a grid; InvalidOptionError for a grid that is not of positive integers
 * Source: timm's `resample_abs_pos_embed` (bicubic, antialiased); with `antialias: false` DINOv2's `interpolate_pos_encoding`
 * without its offset of 0.1.
 *
 * @example
 * const state = new Map(file.tensors);
 * state.set('pos_embed', resizePositions(state.get('pos_embed') as NdArray<Float32Array>, { to: [8, 8] }));
 */
export function resizePositions(
  positions: NdArray<Float32Array>,
  options: ResizePositionsOptions,
): NdArray<Float32Array> {
  const where = 'resizePositions';
  const { to, from, prefix = 1, antialias = true } = checkOptions(where, options, resizePositionsOptionNames);
  if (!isNdArray(positions) || !(positions.data instanceof Float32Array))
    throw new InvalidOptionError(where, 'positions', 'a float32 NdArray [1, tokens, dim]', positions);
  if (!(Number.isInteger(prefix) && prefix >= 0))
    throw new InvalidOptionError(where, 'prefix', 'a whole number from 0', prefix);
  checkGrid(where, 'to', to);
  const [one, tokens = 0, dim = 0] = positions.shape;
  const side = Math.round(Math.sqrt(Math.max(0, tokens - prefix)));
  const source = from ?? ([side, side] as const);
  if (from !== undefined) checkGrid(where, 'from', from);
  if (positions.shape.length !== 3 || one !== 1 || tokens !== prefix + source[0] * source[1] || tokens === prefix) {
    const expected =
      from === undefined
        ? `[1, ${prefix} + n * n, dim], or given with from: [rows, columns]`
        : `[1, ${prefix} + ${from[0]} * ${from[1]}, dim]`;
    throw new ShapeError(where, 'positions', expected, `[${positions.shape.join(', ')}]`);
  }
  const [cells, wanted] = [source[0] * source[1], to[0] * to[1]];
  const data = new Float32Array((prefix + wanted) * dim);
  if (source[0] === to[0] && source[1] === to[1]) data.set(positions.data);
  else {
    data.set(positions.data.subarray(0, prefix * dim));
    const matrix = bicubicMatrix(source, to, antialias);
    const sum = new Float64Array(dim);
    for (let place = 0; place < wanted; place++) {
      sum.fill(0);
      for (let cell = 0; cell < cells; cell++) {
        const weight = matrix[place * cells + cell]!;
        if (weight === 0) continue;
        for (let i = 0; i < dim; i++) sum[i]! += weight * positions.data[(prefix + cell) * dim + i]!;
      }
      data.set(sum, (prefix + place) * dim);
    }
  }
  return { data, shape: [1, prefix + wanted, dim] };
}

function checkGrid(where: string, option: string, grid: Grid): void {
  const fits = Array.isArray(grid) && grid.length === 2 && grid.every((side) => Number.isInteger(side) && side > 0);
  if (!fits) throw new InvalidOptionError(where, option, 'rows and columns, two positive integers', grid);
}
