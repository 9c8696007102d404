import type * as tf from '@tensorflow/tfjs-core';
import { Module, childContext, evaluation, normal, xavierUniform } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import type { VisionTransformerOptions } from '../../encoders/vision-transformer/vision-transformer-options.js';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';
import { MaeDecoder } from './mae-decoder.js';
import type { MaeDecoderSize } from './mae-decoder.js';
import type { MaskedPatches } from './random-masking.js';

/** Size of the decoder of He et al. 2021 (arXiv 2111.06377), table 1. */
export const maeDecoderDefaults: MaeDecoderSize = { dim: 512, depth: 8, heads: 16 };

/** Options of {@link MaskedAutoencoder}: those of its encoder, and the decoder's size. */
export interface MaskedAutoencoderOptions extends Omit<
  VisionTransformerOptions,
  | 'positions'
  | 'relativePositions'
  | 'init'
  | 'maskToken'
  | 'mlp'
  | 'mlpHidden'
  | 'layerScale'
  | 'registers'
  | 'epsilon'
> {
  /** Default {@link maeDecoderDefaults}. */
  readonly decoder?: MaeDecoderSize;
}

const maskedAutoencoderOptionNames: OptionNames<MaskedAutoencoderOptions> = {
  decoder: 'optional',
  key: 'requiredKey',
  inChannels: 'optionalNumber',
  imageSize: 'required',
  pool: 'optional',
  dropPath: 'optionalNumber',
  patchSize: 'requiredNumber',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  mlpRatio: 'optionalNumber',
  qkvBias: 'optionalFlag',
  checkpointBlocks: 'optionalFlag',
};

/**
 * Masked autoencoder: a vision transformer that sees only the kept patches, and a decoder that tells the pixels of the
 * hidden ones. State dict as `MaskedAutoencoderViT` of facebookresearch/mae, so that its checkpoints load; the entries
 * without `decoder_` and `mask_token` are the encoder's, {@link backbone}, with timm's names.
 *
 * Source: He et al. 2021 (arXiv 2111.06377); `models_mae.py` of facebookresearch/mae, whose initialisation it has
 * (Xavier uniform, tokens normal of deviation 0.02, sines and cosines as fixed positions).
 */
export class MaskedAutoencoder extends Module {
  static override readonly fieldNames = { backbone: '', decoder: '' };
  readonly backbone: VisionTransformer;
  readonly decoder: MaeDecoder;

  /** @throws InvalidOptionError as {@link VisionTransformer} and {@link MaeDecoder} do */
  constructor(options: MaskedAutoencoderOptions) {
    super();
    const {
      key,
      decoder = maeDecoderDefaults,
      ...encoder
    } = checkOptions('MaskedAutoencoder', options, maskedAutoencoderOptionNames);
    this.backbone = new VisionTransformer({
      ...encoder,
      key: foldIn(key, 'backbone'),
      positions: 'sinCos',
      init: { weight: xavierUniform(), patchWeight: xavierUniform(), clsToken: normal(0.02) },
    });
    this.decoder = new MaeDecoder({
      ...decoder,
      key: foldIn(key, 'decoder'),
      encoderDim: encoder.dim,
      grid: this.backbone.patchEmbed.grid,
      pixels: this.backbone.patchEmbed.pixels,
    });
  }

  /**
   * @param images `[batch, height, width, channels]`, normalised, of any size that is a multiple of the patch size
   * @returns prediction of the hidden patches in their order, `[batch, masked, pixels]`, a pixel's channels together
   */
  forward(images: tf.Tensor4D, patches: MaskedPatches, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const { tokens, grid } = this.backbone.encode(images, childContext(ctx, 'backbone'), { keep: patches.kept });
    return this.decoder.forward(tokens, patches, childContext(ctx, 'decoder'), grid as Grid);
  }
}
