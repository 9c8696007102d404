import type * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, Conv2d, Module, evaluation } from '@selfsup/ssl-nn';
import type { ForwardContext, Sequential } from '@selfsup/ssl-nn';
import { addRelu, foldIn } from '@selfsup/ssl-tensor';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import type { ResidualBlockOptions } from './residual-block.js';
import { kaimingFanOut, residualBlockOptionNames, shortcut } from './residual-block.js';

/**
 * Two 3 x 3 convolutions around a shortcut (He et al. 2015, arXiv 1512.03385, figure 5 left); the first one strides.
 * Names as in torchvision.
 */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm;
  readonly downsample: Sequential | undefined;

  constructor(options: ResidualBlockOptions) {
    super();
    const { inChannels, width, stride, key } = checkOptions('BasicBlock', options, residualBlockOptionNames);
    this.conv1 = new Conv2d(inChannels, width, {
      kernelSize: 3,
      stride,
      padding: 1,
      bias: false,
      key: foldIn(key, 1),
      weightInit: kaimingFanOut,
    });
    this.bn1 = new BatchNorm(width);
    this.conv2 = new Conv2d(width, width, {
      kernelSize: 3,
      padding: 1,
      bias: false,
      key: foldIn(key, 2),
      weightInit: kaimingFanOut,
    });
    this.bn2 = new BatchNorm(width);
    this.downsample = shortcut(inChannels, width * BasicBlock.expansion, stride, foldIn(key, 0));
  }

  forward(x: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const identity = this.downsample === undefined ? x : this.downsample.forward(x, ctx);
    const inner = this.bn1.forward(this.conv1.forward(x), ctx, 'relu');
    return addRelu(this.bn2.forward(this.conv2.forward(inner), ctx), identity);
  }
}
