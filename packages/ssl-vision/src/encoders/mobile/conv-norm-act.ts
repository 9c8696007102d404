import type * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, Conv2d, Module, evaluation, kaimingNormal } from '@selfsup/ssl-nn';
import type { BatchNormOptions, ForwardContext } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { type Activation, hardSwish, silu } from './activations.js';

/** How convolutions of MobileNet and EfficientNet start in torchvision. */
export const kaimingFanOut = kaimingNormal({ mode: 'fanOut' });

/** Options of {@link ConvNormAct}. */
export interface ConvNormActOptions {
  readonly key: RandomKey;
  readonly kernelSize: number;
  readonly activation: Activation;
  readonly stride?: number;
  readonly groups?: number;
  /** Of the batch normalisation. */
  readonly norm?: Pick<BatchNormOptions, 'epsilon' | 'momentum'>;
}

const convNormActOptionNames: OptionNames<ConvNormActOptions> = {
  key: 'requiredKey',
  kernelSize: 'requiredNumber',
  activation: 'required',
  stride: 'optionalNumber',
  groups: 'optionalNumber',
  norm: 'optional',
};

/** Convolution without bias, batch normalisation, activation. Names of torchvision's `Conv2dNormActivation`. */
export class ConvNormAct extends Module {
  static override readonly fieldNames = { convolution: '0', normalisation: '1' };
  readonly convolution: Conv2d;
  readonly normalisation: BatchNorm;
  readonly activation: Activation;

  constructor(inChannels: number, outChannels: number, options: ConvNormActOptions) {
    super();
    const given = checkOptions('ConvNormAct', options, convNormActOptionNames);
    const { key, kernelSize, activation, stride = 1, groups = 1, norm = {} } = given;
    this.convolution = new Conv2d(inChannels, outChannels, {
      key,
      kernelSize,
      stride,
      groups,
      padding: (kernelSize - 1) / 2,
      bias: false,
      weightInit: kaimingFanOut,
    });
    this.normalisation = new BatchNorm(outChannels, norm);
    this.activation = activation;
  }

  get stride(): number {
    return this.convolution.stride[0];
  }

  get outChannels(): number {
    return this.convolution.outChannels;
  }

  /**
   * @param x `[batch, height, width, in]`
   * @returns `[batch, ceil(height / stride), ceil(width / stride), out]`
   */
  forward(x: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const { convolution, normalisation, activation } = this;
    const fused = activation === 'relu' ? activation : undefined;
    const y = normalisation.forwardConvolution(convolution, x, ctx, fused);
    if (activation === 'hardSwish') return hardSwish(y);
    return activation === 'silu' ? silu(y) : y;
  }
}
