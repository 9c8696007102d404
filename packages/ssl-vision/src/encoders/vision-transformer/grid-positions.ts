import * as tf from '@tensorflow/tfjs-core';
import { bicubicMatrix } from './bicubic-matrix.js';
import type { Grid } from './resize-positions.js';

/** Matrices of the sizes seen so far: an eager pass over images of another size would compute its own every time. */
const matrices = new Map<string, Float32Array>();
/** Multi-crop training sees a handful of sizes; more are computed anew. */
const kept = 16;

/**
 * Positions of a grid of patches for another grid: one product with a constant matrix, so gradients reach the positions.
 * Bicubic and antialiased, as timm's `resample_abs_pos_embed`; see `resizePositions`.
 *
 * @param positions `[1, prefix + rows * columns, dim]` of the grid `own`
 * @param prefix leading positions that are no place of the grid, such as the class token's; default 1
 * @returns `[1, prefix + rows * columns, dim]` of `grid`; `positions` itself where the two are equal
 */
export function gridPositions(positions: tf.Tensor3D, own: Grid, grid: Grid, prefix: 0 | 1 = 1): tf.Tensor3D {
  if (own[0] === grid[0] && own[1] === grid[1]) return positions;
  const [, count, dim] = positions.shape;
  const table = tf.reshape(positions, [count, dim]) as tf.Tensor2D;
  const size: [number, number] = [grid[0] * grid[1], own[0] * own[1]];
  const matrix = tf.tensor2d(matrixOf(own, grid), size);
  const places = tf.matMul(matrix, prefix === 0 ? table : tf.slice(table, [prefix, 0], [count - prefix, dim]));
  const all = prefix === 0 ? places : tf.concat([tf.slice(table, [0, 0], [prefix, dim]), places]);
  return tf.reshape(all, [1, prefix + size[0], dim]);
}

function matrixOf(own: Grid, grid: Grid): Float32Array {
  const name = `${own.join('x')} to ${grid.join('x')}`;
  const known = matrices.get(name);
  if (known !== undefined) return known;
  const matrix = bicubicMatrix(own, grid, true);
  if (matrices.size >= kept) matrices.delete(matrices.keys().next().value!);
  matrices.set(name, matrix);
  return matrix;
}
