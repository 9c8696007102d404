import type { RandomKey } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import type { Triple } from '../triple-of.js';

/** Options of `ResNet3d`. */
export interface ResNet3dOptions {
  readonly key: RandomKey;
  readonly block: 'basic' | 'bottleneck';
  /** Blocks of each of the four stages. */
  readonly layers: readonly [number, number, number, number];
  /** Channels of the volumes (`n_input_channels`). Default 1. */
  readonly inChannels?: number;
  /** Side of the first convolution, or depth, height and width, each odd (`conv1_t_size`). Default 7. */
  readonly stemKernel?: number | Triple;
  /** Its stride (`conv1_t_stride`). Default 1, which of volumes of 64 voxels takes eight times the work of 2. */
  readonly stemStride?: number | Triple;
  /** Max pooling of side 3 and stride 2 after it (not `no_max_pool`). Default true. */
  readonly stemPool?: boolean;
  /**
   * Where a block changes the shape: `B`, a convolution of side 1 and a norm; or `A`, every other voxel and channels of
   * zeros, through which as in MONAI no gradient flows (`shortcut_type`). Default `B`.
   */
  readonly shortcut?: 'A' | 'B';
  /** Bias of the convolution of a shortcut `B` (`bias_downsample`). Default true. */
  readonly biasDownsample?: boolean;
  /** Channels of the first stage; each following stage has twice as many. Default 64. */
  readonly width?: number;
  /** Normalisation by batch, by groups of channels, or by statistics that came with the weights. Default `batch`. */
  readonly norm?: 'batch' | 'group' | 'frozen';
  /** Groups of group normalisation, a divisor of every width. Default 32. */
  readonly groups?: number;
  /** Probability that a sample skips the branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
}

/** Options of the named ResNets of volumes. */
export type ResNet3dVariantOptions = Omit<ResNet3dOptions, 'block' | 'layers'>;

/** Names of {@link ResNet3dVariantOptions}. */
export const resNet3dVariantOptionNames: OptionNames<ResNet3dVariantOptions> = {
  key: 'requiredKey',
  inChannels: 'optionalNumber',
  stemKernel: 'optional',
  stemStride: 'optional',
  stemPool: 'optionalFlag',
  shortcut: 'optional',
  biasDownsample: 'optionalFlag',
  width: 'optionalNumber',
  norm: 'optional',
  groups: 'optionalNumber',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
};

/** Names of {@link ResNet3dOptions}. */
export const resNet3dOptionNames: OptionNames<ResNet3dOptions> = {
  ...resNet3dVariantOptionNames,
  block: 'required',
  layers: 'required',
};
