import { normal, torchWeight } from '@selfsup/ssl-nn';
import type { Initialiser, TransformerBlockOptions } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';

/** How a `VisionTransformer` starts. */
export interface VisionTransformerInit {
  /** Weights of the blocks' linear layers. */
  readonly weight: Initialiser;
  /** Weights of the patches' projection, as a linear layer's `[pixels, dim]`. */
  readonly patchWeight: Initialiser;
  readonly clsToken: Initialiser;
}

/** Names of {@link VisionTransformerInit}. */
export const visionTransformerInitNames: OptionNames<VisionTransformerInit> = {
  weight: 'requiredFunction',
  patchWeight: 'requiredFunction',
  clsToken: 'requiredFunction',
};

/** timm's start: normal of deviation 0.02, patches as PyTorch's convolution. */
export const visionTransformerInit: VisionTransformerInit = {
  weight: normal(0.02),
  patchWeight: torchWeight,
  clsToken: normal(1e-6),
};

/** Options of `VisionTransformer`. */
export interface VisionTransformerOptions {
  readonly key: RandomKey;
  /**
   * Height and width of most images, or one number for both. A multiple of `patchSize`. For images of another size the
   * positions are interpolated.
   */
  readonly imageSize: number | readonly [number, number];
  readonly patchSize: number;
  /** Width of a token. A multiple of `heads`. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the inner layer of the MLP, relative to `dim`. Default 4. */
  readonly mlpRatio?: number;
  /** Bias of queries, keys and values. Default true. */
  readonly qkvBias?: boolean;
  /** Probability that a sample skips a branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** Feed-forward part of a block, as `TransformerBlock` has it. Default `gelu`. */
  readonly mlp?: TransformerBlockOptions['mlp'];
  /** Width of the inner layer itself, where no ratio gives it. */
  readonly mlpHidden?: number;
  /** Factor of each feature of a branch at the start; DINOv2 takes 1e-5. Default: no factors. */
  readonly layerScale?: number;
  /**
   * Tokens without a place, after the class token (Darcet et al. 2023, arXiv 2309.16588). With any, only patches have
   * positions, as in timm. Default 0.
   */
  readonly registers?: number;
  /**
   * Features: the class token, the mean over the patches, or both one after the other (DINOv2's linear evaluation).
   * Default `cls`.
   */
  readonly pool?: 'cls' | 'mean' | 'both';
  /** Added to the variances of the norms; BLIP's published encoders take 1e-5. Default 1e-6. */
  readonly epsilon?: number;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
  /**
   * `learnt`, fixed sines and cosines of row and column (see `sinCosPositions`), or `none` where tokens have no position of
   * their own, as BEiT's. Default `learnt`.
   */
  readonly positions?: 'learnt' | 'sinCos' | 'none';
  /**
   * A trainable bias of attention by the offset of two patches, one for all blocks (`rel_pos_bias`), as BEiT's. Then every
   * image has `imageSize` and every token is computed. Default false.
   */
  readonly relativePositions?: boolean;
  /** With a token that stands in for masked patches (`mask_token`), which `encode` with `mask` needs. Default false. */
  readonly maskToken?: boolean;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
  /** Default {@link visionTransformerInit}. */
  readonly init?: VisionTransformerInit;
}

/** Names of {@link VisionTransformerOptions}. */
export const visionTransformerOptionNames: OptionNames<VisionTransformerOptions> = {
  key: 'requiredKey',
  imageSize: 'required',
  patchSize: 'requiredNumber',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  mlpRatio: 'optionalNumber',
  qkvBias: 'optionalFlag',
  dropPath: 'optionalNumber',
  mlp: 'optional',
  mlpHidden: 'optionalNumber',
  layerScale: 'optionalNumber',
  registers: 'optionalNumber',
  pool: 'optional',
  epsilon: 'optionalNumber',
  inChannels: 'optionalNumber',
  positions: 'optional',
  relativePositions: 'optionalFlag',
  maskToken: 'optionalFlag',
  checkpointBlocks: 'optionalFlag',
  init: 'optional',
};
