import { Conv2d, Sequential, kaimingNormal } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import { createNorm, type ResNetNorm } from './resnet-norm.js';

/** Initialisation of every convolution of a ResNet in torchvision. */
export const kaimingFanOut = kaimingNormal({ mode: 'fanOut' });

/** What a residual block is built from. */
export interface ResidualBlockOptions {
  readonly inChannels: number;
  /** Channels inside the block; it gives out `width * expansion`. */
  readonly width: number;
  readonly stride: number;
  readonly key: RandomKey;
  /** Normalisation. Default batch normalisation. */
  readonly norm?: ResNetNorm;
  /** Start as the identity: the last normalisation's scale is 0 (Goyal et al. 2017, arXiv 1706.02677, 5.1). Default false. */
  readonly zeroInit?: boolean;
  /** Width of a bottleneck's inner convolutions over `width` (Zagoruyko and Komodakis 2016, arXiv 1605.07146). Default 1. */
  readonly innerWidth?: number;
  /** Probability that a sample skips the branch. Default 0. */
  readonly dropPath?: number;
}

/** Names of {@link ResidualBlockOptions}. */
export const residualBlockOptionNames: OptionNames<ResidualBlockOptions> = {
  inChannels: 'requiredNumber',
  width: 'requiredNumber',
  stride: 'requiredNumber',
  key: 'requiredKey',
  norm: 'optional',
  zeroInit: 'optionalFlag',
  innerWidth: 'optionalNumber',
  dropPath: 'optionalNumber',
};

/** The projection of a shortcut whose shape changes: 1 x 1 convolution and normalisation; `undefined` for the identity. */
export function shortcut(
  inChannels: number,
  outChannels: number,
  stride: number,
  key: RandomKey,
  norm: ResNetNorm,
): Sequential | undefined {
  if (stride === 1 && inChannels === outChannels) return undefined;
  return new Sequential([
    new Conv2d(inChannels, outChannels, { kernelSize: 1, stride, bias: false, key, weightInit: kaimingFanOut }),
    createNorm(norm, outChannels),
  ]);
}
