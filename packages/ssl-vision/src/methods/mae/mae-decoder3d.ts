import * as tf from '@tensorflow/tfjs-core';
import {
  Buffer,
  childContext,
  evaluation,
  LayerNorm,
  Linear,
  Module,
  normal,
  Parameter,
  xavierUniform,
  zeros,
} from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { checkCount, foldIn, takeRows } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Triple } from '../../encoders/triple-of.js';
import { tokenPlaces } from '../../encoders/vision-transformer/token-places.js';
import { Block3d } from '../../encoders/vit3d/block3d.js';
import { sinCosPositions3d } from '../../encoders/vit3d/sin-cos-positions3d.js';
import type { MaskedPatches } from './random-masking.js';

/** Size of a {@link MaeDecoder3d}. */
export interface MaeDecoder3dSize {
  /** Width of a token, a multiple of 6 and of `heads`. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the hidden layers (`decoder_mlp_dim`). Default 4 times `dim`. */
  readonly mlpHidden?: number;
}

/** Options of {@link MaeDecoder3d}. */
export interface MaeDecoder3dOptions extends MaeDecoder3dSize {
  readonly key: RandomKey;
  /** Width of the encoder's tokens. */
  readonly encoderDim: number;
  /** Patches along depth, height and width. */
  readonly grid: Triple;
  /** Numbers of a patch. */
  readonly pixels: number;
  /** Bias of queries, keys and values. */
  readonly qkvBias: boolean;
}

const maeDecoder3dOptionNames: OptionNames<MaeDecoder3dOptions> = {
  key: 'requiredKey',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  mlpHidden: 'optionalNumber',
  encoderDim: 'requiredNumber',
  grid: 'required',
  pixels: 'requiredNumber',
  qkvBias: 'requiredFlag',
};

/**
 * Decoder of a masked autoencoder of volumes, as `MaeDecoder` of images: names of MONAI's `MaskedAutoEncoderViT`, whose
 * list of blocks ends with the norm. Computes hidden patches first and nothing that does not enter the loss.
 *
 * Source: He et al. 2021 (arXiv 2111.06377), section 3; `monai/networks/nets/masked_autoencoder_vit.py`.
 */
export class MaeDecoder3d extends Module {
  static override readonly fieldNames: Readonly<Record<string, string>> = {
    embed: 'decoder_embed',
    maskToken: 'mask_tokens',
    positions: 'decoder_pos_embedding',
    blocks: 'decoder_blocks',
    pred: 'decoder_pred',
  };
  readonly embed: Linear;
  /** `[1, 1, dim]` */
  readonly maskToken: Parameter;
  /** `[1, patches, dim]` */
  readonly positions: Buffer;
  /** The blocks, and the norm after them. */
  readonly blocks: readonly (Block3d | LayerNorm)[];
  readonly pred: Linear;

  /** @throws InvalidOptionError for a width that is not a multiple of 6 and of `heads`, or a depth below 1 */
  constructor(options: MaeDecoder3dOptions) {
    super();
    const {
      key,
      dim,
      depth,
      heads,
      mlpHidden = 4 * dim,
      encoderDim,
      grid,
      pixels,
      qkvBias,
    } = checkOptions('MaeDecoder3d', options, maeDecoder3dOptionNames);
    checkCount('MaeDecoder3d', { depth });
    const init = { weightInit: xavierUniform(), biasInit: zeros };
    this.embed = new Linear(encoderDim, dim, { ...init, key: foldIn(key, 'embed') });
    this.maskToken = new Parameter(normal(0.02)([1, 1, dim], foldIn(key, 'mask_token')));
    this.positions = new Buffer(sinCosPositions3d(dim, grid));
    const block = (_: unknown, i: number): Block3d =>
      new Block3d(dim, { ...init, heads, mlpHidden, qkvBias, key: foldIn(foldIn(key, 'blocks'), i) });
    this.blocks = [...Array.from({ length: depth }, block), new LayerNorm(dim, { epsilon: 1e-5 })];
    this.pred = new Linear(dim, pixels, { ...init, key: foldIn(key, 'pred') });
  }

  /**
   * @param tokens the encoder's, class token first, then the kept patches in their order, `[batch, 1 + kept, encoderDim]`
   * @returns voxels of the hidden patches in their order, `[batch, masked, pixels]`
   */
  forward(tokens: tf.Tensor3D, { kept, masked }: MaskedPatches, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const [, places, dim] = this.positions.variable.shape as [number, number, number];
    const table = tf.reshape(this.positions.variable, [places, dim]) as tf.Tensor2D;
    // Added, not tiled: the gradient of tf.broadcastTo takes every copy by itself.
    const stand = tf.add(takeRows(table, masked), this.maskToken.variable);
    // The class token has no position.
    const withClass = tf.concat([tf.zeros<tf.Rank.R2>([1, dim]), table]);
    const seen = tf.add(this.embed.forward(tokens), takeRows(withClass, tokenPlaces(kept)));
    let x = tf.concat([stand, seen], 1) as tf.Tensor3D;
    const last = this.blocks.length - 2;
    this.blocks.forEach((block, i) => {
      x =
        block instanceof LayerNorm
          ? block.forward(x)
          : block.forward(x, childContext(ctx, i), i === last ? masked.shape[1] : undefined);
    });
    return this.pred.forward(x);
  }
}
