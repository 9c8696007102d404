import { BatchNorm, Conv2d, Sequential, kaimingNormal } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';

/** Initialisation of every convolution of a ResNet in torchvision. */
export const kaimingFanOut = kaimingNormal({ mode: 'fanOut' });

/** What a residual block is built from. */
export interface ResidualBlockOptions {
  readonly inChannels: number;
  /** Channels inside the block; it gives out `width * expansion`. */
  readonly width: number;
  readonly stride: number;
  readonly key: RandomKey;
}

/** Names of {@link ResidualBlockOptions}. */
export const residualBlockOptionNames: OptionNames<ResidualBlockOptions> = {
  inChannels: 'requiredNumber',
  width: 'requiredNumber',
  stride: 'requiredNumber',
  key: 'requiredKey',
};

/** The projection of a shortcut whose shape changes: 1 x 1 convolution and normalisation; `undefined` for the identity. */
export function shortcut(
  inChannels: number,
  outChannels: number,
  stride: number,
  key: RandomKey,
): Sequential | undefined {
  if (stride === 1 && inChannels === outChannels) return undefined;
  return new Sequential([
    new Conv2d(inChannels, outChannels, { kernelSize: 1, stride, bias: false, key, weightInit: kaimingFanOut }),
    new BatchNorm(outChannels),
  ]);
}
