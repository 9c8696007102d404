import type * as tf from '@tensorflow/tfjs-core';
import { Module, childContext, evaluation, normal, xavierUniform } from '@selfsup/ssl-nn';
import type { ForwardContext, StateEntries } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Volumes } from '../../encoders/check-volumes.js';
import { VisionTransformer3d, type VisionTransformer3dOptions } from '../../encoders/vit3d/vision-transformer3d.js';
import { MaeDecoder3d, type MaeDecoder3dSize } from './mae-decoder3d.js';
import type { MaskedPatches } from './random-masking.js';

/** Options of {@link MaskedAutoencoder3d}: those of its encoder, and the decoder's size. */
export interface MaskedAutoencoder3dOptions extends Omit<
  VisionTransformer3dOptions,
  'positions' | 'classToken' | 'weightInit'
> {
  /** Default that of {@link maskedAutoencoder3dDefaults}. */
  readonly decoder?: MaeDecoder3dSize;
}

const maskedAutoencoder3dOptionNames: OptionNames<MaskedAutoencoder3dOptions> = {
  decoder: 'optional',
  key: 'requiredKey',
  volumeSize: 'required',
  patchSize: 'required',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  mlpHidden: 'optionalNumber',
  qkvBias: 'optionalFlag',
  inChannels: 'optionalNumber',
  pool: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
};

/** Sizes of MONAI's `MaskedAutoEncoderViT`, whose example takes volumes of 96 voxels in patches of 16. */
export const maskedAutoencoder3dDefaults = {
  volumeSize: 96,
  patchSize: 16,
  dim: 768,
  depth: 12,
  heads: 12,
  mlpHidden: 512,
  decoder: { dim: 384, depth: 4, heads: 12, mlpHidden: 512 },
} as const satisfies Omit<MaskedAutoencoder3dOptions, 'key'>;

/**
 * Sizes for volumes of 32 voxels and some hundred of them. Patches of 8 make 64 tokens, of which 16 stay at 0.75; those of 16
 * would leave two, which tell little of the rest. Narrow and four deep, since few volumes do not fill a wide network; the
 * decoder is a quarter of that, since it is thrown away.
 */
export const maskedAutoencoder3dSmall = {
  volumeSize: 32,
  patchSize: 8,
  dim: 96,
  depth: 4,
  heads: 4,
  qkvBias: true,
  decoder: { dim: 48, depth: 1, heads: 2 },
} as const satisfies Omit<MaskedAutoencoder3dOptions, 'key'>;

/**
 * Masked autoencoder of volumes, for `Mae`: a vision transformer that sees only the kept patches, and a decoder that tells the
 * voxels of the hidden ones. State dict as MONAI's `MaskedAutoEncoderViT` with fixed positions, whose files load and go back;
 * the encoder's part is {@link backbone}. Starts as facebookresearch/mae does (Xavier uniform, tokens normal of deviation
 * 0.02), where MONAI leaves linear layers at PyTorch's.
 *
 * Source: He et al. 2021 (arXiv 2111.06377); Zhou et al. 2022 (arXiv 2203.05573) for volumes;
 * `monai/networks/nets/masked_autoencoder_vit.py`.
 */
export class MaskedAutoencoder3d extends Module {
  static override readonly fieldNames = { backbone: '', decoder: '' };
  readonly backbone: VisionTransformer3d;
  readonly decoder: MaeDecoder3d;

  /** @throws InvalidOptionError as {@link VisionTransformer3d} and {@link MaeDecoder3d} do */
  constructor(options: MaskedAutoencoder3dOptions) {
    super();
    const {
      key,
      decoder = maskedAutoencoder3dDefaults.decoder,
      ...encoder
    } = checkOptions('MaskedAutoencoder3d', options, maskedAutoencoder3dOptionNames);
    this.backbone = new VisionTransformer3d({
      ...encoder,
      key: foldIn(key, 'backbone'),
      positions: 'sinCos',
      classToken: true,
      weightInit: xavierUniform(),
    });
    this.backbone.clsToken!.write(normal(0.02)([1, 1, encoder.dim], foldIn(key, 'cls_token')));
    this.decoder = new MaeDecoder3d({
      ...decoder,
      key: foldIn(key, 'decoder'),
      encoderDim: encoder.dim,
      grid: this.backbone.patchEmbed.grid,
      pixels: this.backbone.patchEmbed.pixels,
      qkvBias: encoder.qkvBias ?? false,
    });
  }

  /**
   * @param volumes `[batch, depth, height, width, channels]`, normalised, of `volumeSize`
   * @returns prediction of the hidden patches in their order, `[batch, masked, pixels]`, a voxel's channels together
   */
  forward(volumes: Volumes, patches: MaskedPatches, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const { tokens } = this.backbone.encode(volumes, childContext(ctx, 'backbone'), { keep: patches.kept });
    return this.decoder.forward(tokens, patches, childContext(ctx, 'decoder'));
  }

  /** MONAI's list of blocks ends with the norm, which its `ViT` has beside them. */
  protected override upgradeStateDict(state: StateEntries): void {
    for (const part of ['weight', 'bias']) state.rename(`${this.lastBlock}.${part}`, `norm.${part}`);
  }

  protected override completeStateDict(state: StateEntries): void {
    for (const part of ['weight', 'bias']) state.rename(`norm.${part}`, `${this.lastBlock}.${part}`);
  }

  private get lastBlock(): string {
    return `blocks.${this.backbone.depth}`;
  }
}
