import * as tf from '@tensorflow/tfjs-core';
import { Conv3d, Module, Sequential } from '@selfsup/ssl-nn';
import type { UnaryModule } from '@selfsup/ssl-nn';
import { stopGradient, type RandomKey } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import { kaimingFanOut } from '../resnet/residual-block.js';
import { createNorm, type ResNetNorm } from '../resnet/resnet-norm.js';

/** What a residual block of volumes is built from. */
export interface ResidualBlock3dOptions {
  readonly inChannels: number;
  /** Channels inside the block; it gives out `width * expansion`. */
  readonly width: number;
  readonly stride: number;
  readonly key: RandomKey;
  /** See `ResNet3d`. */
  readonly shortcut: 'A' | 'B';
  /** Bias of the convolution of a shortcut `B`. */
  readonly biasDownsample: boolean;
  readonly norm: ResNetNorm;
  /** Probability that a sample skips the branch. */
  readonly dropPath: number;
}

/** Names of {@link ResidualBlock3dOptions}. */
export const residualBlock3dOptionNames: OptionNames<ResidualBlock3dOptions> = {
  inChannels: 'requiredNumber',
  width: 'requiredNumber',
  stride: 'requiredNumber',
  key: 'requiredKey',
  shortcut: 'required',
  biasDownsample: 'requiredFlag',
  norm: 'required',
  dropPath: 'requiredNumber',
};

/**
 * Every `stride`-th voxel, and channels of zeros after its own. As in MONAI no gradient flows through it.
 *
 * Source: He et al. 2015 (arXiv 1512.03385), 3.3, option A; `_downsample_basic_block` of `monai/networks/nets/resnet.py`.
 */
class PaddedShortcut extends Module implements UnaryModule {
  constructor(
    private readonly outChannels: number,
    private readonly stride: number,
  ) {
    super();
  }

  forward(x: tf.Tensor): tf.Tensor {
    // A mean over one voxel, as in MONAI: TF.js has no gradient of a strided slice.
    const taken = this.stride === 1 ? x : tf.avgPool3d(x as tf.Tensor5D, 1, this.stride, 'valid');
    const none = [0, 0] as [number, number];
    return stopGradient(tf.pad(taken, [none, none, none, none, [0, this.outChannels - x.shape[4]!]]));
  }
}

/** What a shortcut does whose shape changes; `undefined` for the identity. */
export function shortcut3d(
  { inChannels, stride, shortcut, biasDownsample, norm }: ResidualBlock3dOptions,
  outChannels: number,
  key: RandomKey,
): UnaryModule | undefined {
  if (stride === 1 && inChannels === outChannels) return undefined;
  if (shortcut === 'A') return new PaddedShortcut(outChannels, stride);
  const convolution = { kernelSize: 1, stride, bias: biasDownsample, key, weightInit: kaimingFanOut };
  return new Sequential([new Conv3d(inChannels, outChannels, convolution), createNorm(norm, outChannels)]);
}
