import * as tf from '@tensorflow/tfjs-core';
import {
  checkIsTensor,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { checkChoice } from './check-choice.js';
import { checkCount } from '@selfsup/ssl-tensor/host';
import type { RotaryTables } from './rotate-tokens.js';

/** Options of {@link RotaryPositions}. */
export interface RotaryPositionsOptions {
  /** Longest wavelength over the shortest. Default 10000, as RoFormer, Llama and EVA; DINOv3 takes 100. */
  readonly base?: number;
  /**
   * Which two features turn together: `halves`, i and i + dim / 2 (Llama, DINOv3), or `neighbours`, 2i and 2i + 1 (RoFormer,
   * EVA). Default `halves`.
   */
  readonly pairs?: 'halves' | 'neighbours';
  /**
   * Where a token of a grid lies: `index`, 0, 1, ... in radians (EVA), or `centred`, the middle of its patch in (-1, 1)
   * times 2 pi, whatever the size of the grid (DINOv3). A line takes `index` only. Default `index`.
   */
  readonly coordinates?: 'index' | 'centred';
}

const rotaryPositionsOptionNames: OptionNames<RotaryPositionsOptions> = {
  base: 'optionalNumber',
  pairs: 'optional',
  coordinates: 'optional',
};

/**
 * Rotary positions: pairs of features of queries and keys are turned by an angle that grows with the token's position, so
 * that their product depends on the distance alone. Without parameters; the tables go to the blocks of an encoder, made
 * once for all of them.
 *
 * Angle of pair i of a line: `position * base^(-2i / dim)`. In a grid the first half of the pairs turns by the row, the
 * second by the column, each with `base^(-4i / dim)`.
 * Source: Su et al. 2021, arXiv 2104.09864, equation 15; lines as Hugging Face's `LlamaRotaryEmbedding` (`halves`) and
 * `RoFormerSinusoidalPositionalEmbedding` (`neighbours`); grids as `timm`'s `RotaryEmbeddingCat` (`neighbours`, `index`) and
 * DINOv3's `RopePositionEmbedding` (`halves`, `centred`, base 100).
 *
 * @example
 * const rotary = new RotaryPositions(64, { base: 100, coordinates: 'centred' }).grid([14, 14], 1);
 * for (const block of blocks) x = block.forward(x, ctx, undefined, undefined, { rotary });
 */
export class RotaryPositions {
  readonly base: number;
  readonly pairs: 'halves' | 'neighbours';
  readonly coordinates: 'index' | 'centred';

  /**
   * @param dim features of one head; even, and of a grid a multiple of 4
   * @throws InvalidOptionError for what is none of these
   */
  constructor(
    readonly dim: number,
    options: RotaryPositionsOptions = {},
  ) {
    const {
      base = 10_000,
      pairs = 'halves',
      coordinates = 'index',
    } = checkOptions('RotaryPositions', options, rotaryPositionsOptionNames);
    checkCount('RotaryPositions', { dim });
    if (dim % 2 !== 0) throw new InvalidOptionError('RotaryPositions', 'dim', 'even, as features turn in pairs', dim);
    if (!(Number.isFinite(base) && base > 0))
      throw new InvalidOptionError('RotaryPositions', 'base', 'a positive number', base);
    checkChoice('RotaryPositions', 'pairs', ['halves', 'neighbours'], pairs);
    checkChoice('RotaryPositions', 'coordinates', ['index', 'centred'], coordinates);
    [this.base, this.pairs, this.coordinates] = [base, pairs, coordinates];
  }

  /**
   * Tables of a sequence.
   *
   * @param tokens all of them, the prefix included
   * @param prefix tokens at the front that do not turn; the one after them is at position 0. Default 0
   * @throws InvalidOptionError when `coordinates` is `centred`, or the counts do not fit
   */
  line(tokens: number, prefix = 0): RotaryTables {
    checkCount('RotaryPositions.line', { tokens });
    checkPrefix('RotaryPositions.line', prefix);
    if (prefix > tokens)
      throw new InvalidOptionError('RotaryPositions.line', 'prefix', `at most tokens (${tokens})`, prefix);
    if (this.coordinates === 'centred')
      throw new InvalidOptionError('RotaryPositions.line', 'coordinates', "'index' for a line", this.coordinates);
    return this.#tables(tokens - prefix, prefix, (token, i) => token * this.base ** ((-2 * i) / this.dim));
  }

  /**
   * Tables of tokens whose positions differ by row, such as several texts in one block. Computed in float32 where it is
   * called, as transformers does; {@link line} is exact to the last bit of float32 at any length.
   *
   * @param positions int32 `[batch, tokens]`
   * @returns tables `[batch, tokens, dim]`
   * @throws InvalidOptionError when `coordinates` is `centred`; ShapeError when the positions are no such tensor
   */
  at(positions: tf.Tensor): RotaryTables {
    const where = 'RotaryPositions.at';
    checkIsTensor(where, 'positions', positions, 'int32 [batch, tokens]');
    if (positions.rank !== 2 || positions.dtype !== 'int32') {
      const got = `${positions.dtype} [${positions.shape.join(', ')}]`;
      throw new ShapeError(where, 'positions', 'int32 [batch, tokens]', got);
    }
    if (this.coordinates === 'centred')
      throw new InvalidOptionError(where, 'coordinates', "'index' for a line", this.coordinates);
    const { dim, pairs } = this;
    const [batch, tokens] = positions.shape as [number, number];
    const turns = Float32Array.from({ length: dim / 2 }, (_, i) => this.base ** ((-2 * i) / dim));
    const angles = tf.mul(tf.reshape(tf.cast(positions, 'float32'), [batch, tokens, 1]), tf.tensor1d(turns));
    const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
    const table = (first: tf.Tensor, second: tf.Tensor): tf.Tensor3D =>
      pairs === 'halves'
        ? (tf.concat([first, second], -1) as tf.Tensor3D)
        : tf.reshape(tf.stack([first, second], -1), [batch, tokens, dim]);
    return { cos: table(cos, cos), sin: table(tf.neg(sin), sin), pairs };
  }

  /**
   * Tables of a picture's patches, row by row.
   *
   * @param size rows and columns of patches
   * @param prefix tokens before the patches (class token, registers), which do not turn. Default 0
   * @throws InvalidOptionError when `dim` is no multiple of 4, or a size is no positive integer
   */
  grid(size: readonly [rows: number, columns: number], prefix = 0): RotaryTables {
    if (!Array.isArray(size) || size.length !== 2)
      throw new InvalidOptionError('RotaryPositions.grid', 'size', '[rows, columns]', size);
    const [rows, columns] = size;
    checkCount('RotaryPositions.grid', { 'size[0]': rows });
    checkCount('RotaryPositions.grid', { 'size[1]': columns });
    checkPrefix('RotaryPositions.grid', prefix);
    if (this.dim % 4 !== 0)
      throw new InvalidOptionError(
        'RotaryPositions.grid',
        'dim',
        'a multiple of 4, half of the pairs per axis',
        this.dim,
      );
    const quarter = this.dim / 4;
    const place = (index: number, count: number): number =>
      this.coordinates === 'index' ? index : 2 * Math.PI * ((2 * (index + 0.5)) / count - 1);
    return this.#tables(rows * columns, prefix, (token, i) => {
      const position = i < quarter ? place(Math.floor(token / columns), rows) : place(token % columns, columns);
      return position * this.base ** (-(i % quarter) / quarter);
    });
  }

  /** The sine has the sign of its feature's partner in it, so that turning takes two products and a sum. */
  #tables(tokens: number, prefix: number, angle: (token: number, pair: number) => number): RotaryTables {
    const { dim, pairs } = this;
    const cos = new Float32Array((prefix + tokens) * dim).fill(1);
    const sin = new Float32Array((prefix + tokens) * dim);
    for (let token = 0; token < tokens; token++) {
      const row = (prefix + token) * dim;
      for (let pair = 0; pair < dim / 2; pair++) {
        const [first, second] = pairs === 'halves' ? [pair, pair + dim / 2] : [2 * pair, 2 * pair + 1];
        const turn = angle(token, pair);
        cos[row + first] = cos[row + second] = Math.cos(turn);
        sin[row + second] = Math.sin(turn);
        sin[row + first] = -Math.sin(turn);
      }
    }
    const shape: [number, number] = [prefix + tokens, dim];
    return { cos: tf.tensor2d(cos, shape), sin: tf.tensor2d(sin, shape), pairs };
  }
}

function checkPrefix(where: string, prefix: number): void {
  if (!Number.isSafeInteger(prefix) || prefix < 0)
    throw new InvalidOptionError(where, 'prefix', 'a non-negative integer', prefix);
}
