import * as tf from '@tensorflow/tfjs-core';
import {
  Buffer,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  TransformerBlock,
  childContext,
  evaluation,
  normal,
  xavierUniform,
  zeros,
} from '@selfsup/ssl-nn';
import type { ForwardContext, Initialiser } from '@selfsup/ssl-nn';
import { checkCount, foldIn, takeRows } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { gridPositions } from '../../encoders/vision-transformer/grid-positions.js';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';
import { sinCosPositions } from '../../encoders/vision-transformer/sin-cos-positions.js';
import { tokenPlaces } from '../../encoders/vision-transformer/token-places.js';
import type { MaskedPatches } from './random-masking.js';

/** Size of a {@link MaeDecoder}. */
export interface MaeDecoderSize {
  /** Width of a token, a multiple of 4 and of `heads`. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
}

const maeDecoderSizeOptionNames: OptionNames<MaeDecoderSize> = {
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
};

/** Options of {@link MaeDecoder}. */
export interface MaeDecoderOptions extends MaeDecoderSize {
  readonly key: RandomKey;
  /** Width of the encoder's tokens. */
  readonly encoderDim: number;
  /** Rows and columns of patches. */
  readonly grid: Grid;
  /** Numbers of a patch. */
  readonly pixels: number;
  /** Weights of the linear layers at the start. Default Xavier uniform. */
  readonly weightInit?: Initialiser;
}

const maeDecoderOptionNames: OptionNames<MaeDecoderOptions> = {
  ...maeDecoderSizeOptionNames,
  key: 'requiredKey',
  encoderDim: 'requiredNumber',
  grid: 'required',
  pixels: 'requiredNumber',
  weightInit: 'optionalFunction',
};

/**
 * Decoder of a masked autoencoder: the encoder's tokens and one learnt token in place of every hidden patch, fixed
 * positions, a small transformer, and the pixels of each hidden patch. Names as facebookresearch/mae (`decoder_embed`,
 * `mask_token`, ...).
 *
 * Deviates from the reference in order and amount, not in values: hidden patches come first and tokens are never sorted
 * back, because a transformer does not see the order; and the last block, its norm and the prediction are computed for
 * hidden patches alone, because nothing else enters the loss.
 *
 * Source: He et al. 2021 (arXiv 2111.06377), section 3; `models_mae.py` of facebookresearch/mae.
 */
export class MaeDecoder extends Module {
  static override readonly fieldNames: Readonly<Record<string, string>> = {
    embed: 'decoder_embed',
    maskToken: 'mask_token',
    posEmbed: 'decoder_pos_embed',
    blocks: 'decoder_blocks',
    norm: 'decoder_norm',
    pred: 'decoder_pred',
  };
  readonly embed: Linear;
  /** `[1, 1, dim]` */
  readonly maskToken: Parameter;
  /** `[1, 1 + patches, dim]`, the class token's first. */
  readonly posEmbed: Buffer;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly pred: Linear;
  private readonly grid: Grid;

  /** @throws InvalidOptionError for a width that is not a multiple of 4 and of `heads`, or a depth below 1 */
  constructor(options: MaeDecoderOptions) {
    super();
    const {
      key,
      encoderDim,
      grid,
      pixels,
      dim,
      depth,
      heads,
      weightInit = xavierUniform(),
    } = checkOptions('MaeDecoder', options, maeDecoderOptionNames);
    checkCount('MaeDecoder', { depth });
    const init = { weightInit, biasInit: zeros };
    this.embed = new Linear(encoderDim, dim, { ...init, key: foldIn(key, 'embed') });
    this.maskToken = new Parameter(normal(0.02)([1, 1, dim], foldIn(key, 'mask_token')));
    const [rows, columns] = grid;
    this.grid = [rows, columns];
    this.posEmbed = new Buffer(sinCosPositions(dim, rows, columns), {
      advice: (name) =>
        `Positions of another grid of patches fit by state.set('${name}', resizePositions(state.get('${name}'), { to: [${rows}, ${columns}] }))`,
    });
    this.blocks = Array.from(
      { length: depth },
      (_, i) => new TransformerBlock(dim, { ...init, heads, key: foldIn(foldIn(key, 'blocks'), i) }),
    );
    this.norm = new LayerNorm(dim, { epsilon: 1e-6 });
    this.pred = new Linear(dim, pixels, { ...init, key: foldIn(key, 'pred') });
  }

  /**
   * @param tokens the encoder's, class token first, then the kept patches in their order, `[batch, 1 + kept, encoderDim]`
   * @param grid rows and columns of the images' patches, for which positions are interpolated. Default: those of the module
   * @returns pixels of the hidden patches in their order, `[batch, masked, pixels]`
   */
  forward(
    tokens: tf.Tensor3D,
    { kept, masked }: MaskedPatches,
    ctx: ForwardContext = evaluation,
    grid: Grid = this.grid,
  ): tf.Tensor3D {
    const { dim } = this.norm;
    const hidden = masked.shape[1];
    const table = tf.reshape(gridPositions(this.posEmbed.variable as tf.Tensor as tf.Tensor3D, this.grid, grid), [
      -1,
      dim,
    ]) as tf.Tensor2D;
    const hiddenPlaces = takeRows(table, tf.add(masked, tf.scalar(1, 'int32')));
    // Added, not tiled: the gradient of tf.broadcastTo takes every copy by itself.
    const stand = tf.add(hiddenPlaces, this.maskToken.variable);
    const seen = tf.add(this.embed.forward(tokens), takeRows(table, tokenPlaces(kept)));
    let x = tf.concat([stand, seen], 1) as tf.Tensor3D;
    this.blocks.forEach((block, i) => {
      const isLast = i === this.blocks.length - 1;
      x = block.forward(x, childContext(ctx, i), undefined, isLast ? hidden : undefined);
    });
    return this.pred.forward(this.norm.forward(x));
  }
}
