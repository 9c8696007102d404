import * as tf from '@tensorflow/tfjs-core';
import { takeRows } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn, InvalidOptionError, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import { truncatedNormal, type Initialiser } from '../init/initialiser.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';
import { checkCount } from '@selfsup/ssl-tensor/host';

/** Options of {@link RelativePositionBias}. */
export interface RelativePositionBiasOptions {
  readonly key: RandomKey;
  /** Rows and columns of the window. */
  readonly grid: readonly [rows: number, columns: number];
  /** A class token before the window, with three entries of its own (BEiT). Default false (Swin). */
  readonly classToken?: boolean;
  /** Default Gaussian with deviation 0.02, cut at 2, as Swin and BEiT. */
  readonly tableInit?: Initialiser;
}

const relativePositionBiasOptionNames: OptionNames<RelativePositionBiasOptions> = {
  key: 'requiredKey',
  grid: 'required',
  classToken: 'optionalFlag',
  tableInit: 'optionalFunction',
};

/**
 * A trainable number for each head and each offset between two places of a window, added to the scores of attention.
 *
 * The table `relative_position_bias_table` is `[(2 rows - 1) * (2 columns - 1), heads]`; with a class token three rows follow:
 * from the class token to a place, from a place to it, from it to itself. The reference's `relative_position_index` follows
 * from the window and is no entry of the state dict.
 * Source: Liu et al. 2021, arXiv 2103.14030, equation 4; index of Swin's `WindowAttention` and of BEiT's
 * `RelativePositionBias` (Bao et al. 2022, arXiv 2106.08254).
 */
export class RelativePositionBias extends Module {
  static override readonly fieldNames = { table: 'relative_position_bias_table' };
  readonly table: Parameter;
  readonly tokens: number;
  private readonly index: Int32Array;

  constructor(
    readonly heads: number,
    options: RelativePositionBiasOptions,
  ) {
    super();
    const {
      key,
      grid,
      classToken = false,
      tableInit = truncatedNormal({ standardDeviation: 0.02 }),
    } = checkOptions('RelativePositionBias', options, relativePositionBiasOptionNames);
    checkCount('RelativePositionBias', { heads });
    if (!Array.isArray(grid) || grid.length !== 2)
      throw new InvalidOptionError('RelativePositionBias', 'grid', '[rows, columns]', grid);
    const [rows, columns] = grid;
    checkCount('RelativePositionBias', { 'grid[0]': rows });
    checkCount('RelativePositionBias', { 'grid[1]': columns });
    const offsets = (2 * rows - 1) * (2 * columns - 1);
    this.tokens = rows * columns + (classToken ? 1 : 0);
    this.index = relativePositionIndex(rows, columns, classToken);
    this.table = new Parameter(tableInit([offsets + (classToken ? 3 : 0), heads], foldIn(key, 'table')));
  }

  /** @returns `[heads, tokens, tokens]`, queries before keys */
  forward(): tf.Tensor3D {
    const { tokens, heads } = this;
    const index = tf.tensor1d(this.index, 'int32');
    const rows = takeRows(this.table.variable as tf.Tensor as tf.Tensor2D, index);
    return tf.transpose(tf.reshape(rows, [tokens, tokens, heads]) as tf.Tensor3D, [2, 0, 1]);
  }
}

/** Row of the table for each query and key, `[tokens * tokens]`. */
function relativePositionIndex(rows: number, columns: number, classToken: boolean): Int32Array {
  const first = classToken ? 1 : 0;
  const places = rows * columns;
  const tokens = places + first;
  const offsets = (2 * rows - 1) * (2 * columns - 1);
  const index = new Int32Array(tokens * tokens);
  for (let query = 0; query < tokens; query++) {
    for (let key = 0; key < tokens; key++) {
      const [q, k] = [query - first, key - first];
      const down = Math.floor(q / columns) - Math.floor(k / columns) + rows - 1;
      const right = (q % columns) - (k % columns) + columns - 1;
      const between = down * (2 * columns - 1) + right;
      const ofClass = q < 0 ? (k < 0 ? offsets + 2 : offsets) : offsets + 1;
      index[query * tokens + key] = q < 0 || k < 0 ? ofClass : between;
    }
  }
  return index;
}
