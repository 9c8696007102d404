import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../module/forward-context.js';
import type { Module } from '../module/module.js';

/** What a {@link TokenEncoder} computes. Places are the grid's, row by row from 0; prefix tokens have none. */
export interface TokenOptions {
  /**
   * Places to compute, int32 `[batch, kept]`, as if the others were not there (MAE). Default: all, in order. Each is
   * below the number of places; values are only known while a step runs and are not checked.
   */
  readonly keep?: tf.Tensor2D;
  /**
   * Of all places, `[batch, places]`, 1 = masked: the encoder's mask token stands in for the place's content, its
   * position stays (BEiT, SimMIM, iBOT). With `keep`, the kept places' marks are taken.
   */
  readonly mask?: tf.Tensor2D;
  /** Blocks whose tokens are wanted, ascending: 0 = what enters the first block, 1 to n = after it. Default: the last. */
  readonly blocks?: readonly number[];
  /** Apply the encoder's final norm, where it has one, to the tokens of every chosen block. Default true. */
  readonly norm?: boolean;
}

/** Tokens of one pass. */
export interface Tokens {
  /** Those of the last chosen block, float32 `[batch, prefix + kept, tokenDim]`: prefix tokens first, then places. */
  readonly tokens: tf.Tensor3D;
  /** Those of each chosen block, in order. */
  readonly blocks: readonly tf.Tensor3D[];
  /** Number of leading tokens that have no place, such as the class token. */
  readonly prefix: number;
  /** Places along each axis: `[rows, columns]` of patches, `[tokens]` of text. */
  readonly grid: readonly number[];
  /** Places of the tokens after the prefix, as given; none: all, in order. */
  readonly kept?: tf.Tensor2D;
  /** Masked places, as given; none: no place is masked. */
  readonly mask?: tf.Tensor2D;
}

/** A transformer encoder: what MAE, DINO, BEiT and other methods want that look at tokens or at several blocks. */
export interface TokenEncoder<I = tf.Tensor4D, O = TokenOptions> extends Module {
  /** Width of a token. */
  readonly tokenDim: number;
  /** Number of blocks. */
  readonly depth: number;
  /**
   * @param inputs of images: float32 `[batch, height, width, channels]`, normalised
   * @param ctx default: evaluation
   * @throws InvalidOptionError for blocks that are not there or do not ascend, and for options the encoder cannot follow
   */
  encode(inputs: I, ctx?: ForwardContext, options?: O): Tokens;
  /**
   * What `forward` makes of the last block's tokens, for those who want both of one pass.
   *
   * @param encoded by `encode` with the last block and the norm
   * @returns float32 `[batch, featureDim]`
   */
  pooled?(encoded: Tokens): tf.Tensor2D;
}
