import type * as tf from '@tensorflow/tfjs-core';
import { Conv2d, DropPath, Module, childContext, evaluation } from '@selfsup/ssl-nn';
import type { BatchNorm, ForwardContext, FrozenBatchNorm, GroupNorm, Sequential } from '@selfsup/ssl-nn';
import { addRelu, foldIn } from '@selfsup/ssl-tensor';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import type { ResidualBlockOptions } from './residual-block.js';
import { kaimingFanOut, residualBlockOptionNames, shortcut } from './residual-block.js';
import { createNorm } from './resnet-norm.js';

/**
 * Two 3 x 3 convolutions around a shortcut (He et al. 2015, arXiv 1512.03385, figure 5 left); the first one strides.
 * Names as in torchvision.
 */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly downsample: Sequential | undefined;
  private readonly dropPath: DropPath;

  constructor(options: ResidualBlockOptions) {
    super();
    const {
      inChannels,
      width,
      stride,
      key,
      norm = { kind: 'batch' },
      zeroInit = false,
      dropPath = 0,
    } = checkOptions('BasicBlock', options, residualBlockOptionNames);
    this.conv1 = new Conv2d(inChannels, width, {
      kernelSize: 3,
      stride,
      padding: 1,
      bias: false,
      key: foldIn(key, 1),
      weightInit: kaimingFanOut,
    });
    this.bn1 = createNorm(norm, width);
    this.conv2 = new Conv2d(width, width, {
      kernelSize: 3,
      padding: 1,
      bias: false,
      key: foldIn(key, 2),
      weightInit: kaimingFanOut,
    });
    this.bn2 = createNorm(norm, width, zeroInit);
    this.downsample = shortcut(inChannels, width * BasicBlock.expansion, stride, foldIn(key, 0), norm);
    this.dropPath = new DropPath(dropPath);
  }

  forward(x: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const identity = this.downsample === undefined ? x : this.downsample.forward(x, ctx);
    const inner = this.bn1.forward(this.conv1.forward(x), ctx, 'relu');
    const branch = this.bn2.forward(this.conv2.forward(inner), ctx);
    return addRelu(this.dropPath.forward(branch, childContext(ctx, 'drop_path')), identity);
  }
}
