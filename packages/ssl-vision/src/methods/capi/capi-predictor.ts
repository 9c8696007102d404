import * as tf from '@tensorflow/tfjs-core';
import { Buffer, Module, normal, Parameter } from '@selfsup/ssl-nn';
import { checkCount, foldIn, type RandomKey, takeRows } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { gridPositions } from '../../encoders/vision-transformer/grid-positions.js';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';
import { sinCosPositions } from '../../encoders/vision-transformer/sin-cos-positions.js';
import { tokenPlaces } from '../../encoders/vision-transformer/token-places.js';
import type { MaeDecoderSize } from '../mae/mae-decoder.js';
import { CrossAttentionBlock } from './cross-attention-block.js';

/** Options of {@link CapiPredictor}. */
export interface CapiPredictorOptions extends MaeDecoderSize {
  readonly key: RandomKey;
  /** Width of the encoder's tokens, a multiple of 4. */
  readonly encoderDim: number;
  /** Rows and columns of patches. */
  readonly grid: Grid;
}

const capiPredictorOptionNames: OptionNames<CapiPredictorOptions> = {
  key: 'requiredKey',
  encoderDim: 'requiredNumber',
  grid: 'required',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
};

/**
 * Predictor of CAPI: a learnt token at each place that is predicted, which looks at the student's tokens and never at
 * another predicted one. So some of the hidden places can be predicted as if all were.
 *
 * Deviates from the authors': positions are fixed sines and cosines, added to the queries and to the context, where they
 * turn queries and keys (RoPE). The norm after the last block has no weights there, and before a head that takes vectors of
 * length 1 it changes nothing: left out.
 *
 * Source: Darcet et al. 2025 (CAPI, arXiv 2502.08769), section 3; the decoder of `EncoderDecoder` of facebookresearch/capi.
 */
export class CapiPredictor extends Module {
  static override readonly fieldNames = {
    maskToken: 'mask_token',
    posEmbed: 'pos_embed',
    contextPosEmbed: 'context_pos_embed',
  };
  /** `[1, 1, dim]` */
  readonly maskToken: Parameter;
  /** `[1, 1 + patches, dim]`, the class token's first. */
  readonly posEmbed: Buffer;
  /** `[1, 1 + patches, encoderDim]` */
  readonly contextPosEmbed: Buffer;
  readonly blocks: readonly CrossAttentionBlock[];
  private readonly dim: number;
  private readonly grid: Grid;

  /** @throws InvalidOptionError for widths that are no multiples of 4, `heads` that do not divide `dim`, a depth below 1 */
  constructor(options: CapiPredictorOptions) {
    super();
    const { key, encoderDim, grid, dim, depth, heads } = checkOptions(
      'CapiPredictor',
      options,
      capiPredictorOptionNames,
    );
    checkCount('CapiPredictor', { encoderDim, dim, depth, heads });
    const [rows, columns] = grid;
    this.dim = dim;
    this.grid = [rows, columns];
    this.maskToken = new Parameter(normal(0.02)([1, 1, dim], foldIn(key, 'mask_token')));
    this.posEmbed = new Buffer(sinCosPositions(dim, rows, columns));
    this.contextPosEmbed = new Buffer(sinCosPositions(encoderDim, rows, columns));
    this.blocks = Array.from(
      { length: depth },
      (_, i) => new CrossAttentionBlock(dim, { key: foldIn(foldIn(key, 'blocks'), i), heads, contextDim: encoderDim }),
    );
  }

  /**
   * @param seen the student's tokens, prefix first, then those of `kept` in order, `[batch, prefix + kept, encoderDim]`
   * @param places numbers of the patches: of `seen`, and those to predict, int32 `[batch, kept]` and `[batch, predicted]`
   * @param grid rows and columns of the images' patches
   * @returns `[batch, predicted, dim]`
   */
  forward(
    seen: tf.Tensor3D,
    places: { readonly kept: tf.Tensor2D; readonly predicted: tf.Tensor2D },
    grid: Grid = this.grid,
  ): tf.Tensor3D {
    const { kept, predicted } = places;
    const tableOf = (positions: Buffer, width: number): tf.Tensor2D => {
      const table = positions.variable as tf.Tensor as tf.Tensor3D;
      return tf.reshape(gridPositions(table, this.grid, grid), [-1, width]);
    };
    const encoderDim = seen.shape[2];
    // Only patches have places.
    const prefix = seen.shape[1] - kept.shape[1];
    const own = takeRows(tableOf(this.contextPosEmbed, encoderDim), shifted(kept));
    const context = tf.add(
      seen,
      tf.pad(own as tf.Tensor3D, [
        [0, 0],
        [prefix, 0],
        [0, 0],
      ]),
    ) as tf.Tensor3D;
    // Added, not tiled: the gradient of tf.broadcastTo takes every copy by itself.
    let x = tf.add(takeRows(tableOf(this.posEmbed, this.dim), shifted(predicted)), this.maskToken.variable);
    for (const block of this.blocks) x = block.forward(x as tf.Tensor3D, context);
    return x as tf.Tensor3D;
  }
}

/** Rows of patches in a table that the class token leads. */
const shifted = (places: tf.Tensor2D): tf.Tensor2D =>
  tf.slice(tokenPlaces(places), [0, 1], [places.shape[0], places.shape[1]]);
