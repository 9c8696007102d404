import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, Module, zeros } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link AmdimBlock}. */
export interface AmdimBlockOptions {
  readonly key: RandomKey;
  /** Side of the first convolution, which has no padding. */
  readonly kernelSize: number;
  readonly stride: number;
}

const amdimBlockOptionNames: OptionNames<AmdimBlockOptions> = {
  key: 'requiredKey',
  kernelSize: 'requiredNumber',
  stride: 'requiredNumber',
};

/**
 * `means(x) + conv2(relu(conv1(x)))` without padding: a place sees what the kernels cover, and no more. Means of squares of the
 * kernel's size, with zeros for further channels; where channels get fewer, a convolution. The second convolution starts at 0.
 *
 * Source: `ConvResNxN` of Philip-Bachman/amdim-public without its optional batch norm.
 */
export class AmdimBlock extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d | undefined;
  private readonly kernelSize: number;
  private readonly stride: number;

  constructor(
    private readonly inChannels: number,
    private readonly outChannels: number,
    options: AmdimBlockOptions,
  ) {
    super();
    const { key, kernelSize, stride } = checkOptions('AmdimBlock', options, amdimBlockOptionNames);
    this.kernelSize = kernelSize;
    this.stride = stride;
    const first = { kernelSize, stride };
    this.conv1 = new Conv2d(inChannels, outChannels, { ...first, bias: false, key: foldIn(key, 'conv1') });
    const second = { kernelSize: 1, bias: false, weightInit: zeros };
    this.conv2 = new Conv2d(outChannels, outChannels, { ...second, key: foldIn(key, 'conv2') });
    this.conv3 =
      outChannels < inChannels
        ? new Conv2d(inChannels, outChannels, { ...first, key: foldIn(key, 'conv3') })
        : undefined;
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.add(this.shortcut(x), this.conv2.forward(tf.relu(this.conv1.forward(x))));
  }

  private shortcut(x: tf.Tensor4D): tf.Tensor4D {
    const { inChannels, outChannels, kernelSize, stride } = this;
    if (this.conv3 !== undefined) return this.conv3.forward(x);
    const means = kernelSize * stride === 1 ? x : tf.avgPool(x, kernelSize, stride, 'valid');
    if (outChannels === inChannels) return means;
    const [batch, height, width] = means.shape;
    return tf.concat([means, tf.zeros([batch, height, width, outChannels - inChannels])], 3);
  }
}
