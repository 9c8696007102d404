import type * as tf from '@tensorflow/tfjs-core';
import { Conv2d, DropPath, Module, childContext, evaluation } from '@selfsup/ssl-nn';
import type { BatchNorm, ForwardContext, FrozenBatchNorm, GroupNorm, Sequential } from '@selfsup/ssl-nn';
import { addRelu, foldIn } from '@selfsup/ssl-tensor';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import { kaimingFanOut, residualBlockOptionNames, shortcut } from './residual-block.js';
import type { ResidualBlockOptions } from './residual-block.js';
import { createNorm } from './resnet-norm.js';

/**
 * 1 x 1, 3 x 3 and 1 x 1 convolutions around a shortcut (He et al. 2015, arXiv 1512.03385, figure 5 right). As in
 * torchvision the 3 x 3 convolution strides (ResNet v1.5). Names as in torchvision.
 */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm | FrozenBatchNorm | GroupNorm;
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
      innerWidth = 1,
      dropPath = 0,
    } = checkOptions('Bottleneck', options, residualBlockOptionNames);
    const out = width * Bottleneck.expansion;
    const inner = Math.trunc(width * innerWidth);
    this.conv1 = new Conv2d(inChannels, inner, {
      kernelSize: 1,
      bias: false,
      key: foldIn(key, 1),
      weightInit: kaimingFanOut,
    });
    this.bn1 = createNorm(norm, inner);
    this.conv2 = new Conv2d(inner, inner, {
      kernelSize: 3,
      stride,
      padding: 1,
      bias: false,
      key: foldIn(key, 2),
      weightInit: kaimingFanOut,
    });
    this.bn2 = createNorm(norm, inner);
    this.conv3 = new Conv2d(inner, out, { kernelSize: 1, bias: false, key: foldIn(key, 3), weightInit: kaimingFanOut });
    this.bn3 = createNorm(norm, out, zeroInit);
    this.downsample = shortcut(inChannels, out, stride, foldIn(key, 0), norm);
    this.dropPath = new DropPath(dropPath);
  }

  forward(x: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const identity = this.downsample === undefined ? x : this.downsample.forward(x, ctx);
    const reduced = this.bn1.forward(this.conv1.forward(x), ctx, 'relu');
    const inner = this.bn2.forward(this.conv2.forward(reduced), ctx, 'relu');
    const branch = this.bn3.forward(this.conv3.forward(inner), ctx);
    return addRelu(this.dropPath.forward(branch, childContext(ctx, 'drop_path')), identity);
  }
}
