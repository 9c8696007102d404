import type * as tf from '@tensorflow/tfjs-core';
import { Conv3d, DropPath, Module, childContext, evaluation } from '@selfsup/ssl-nn';
import type { BatchNorm, ForwardContext, FrozenBatchNorm, GroupNorm, UnaryModule } from '@selfsup/ssl-nn';
import { addRelu, foldIn } from '@selfsup/ssl-tensor';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import { kaimingFanOut } from '../resnet/residual-block.js';
import { createNorm } from '../resnet/resnet-norm.js';
import { residualBlock3dOptionNames, shortcut3d, type ResidualBlock3dOptions } from './shortcut3d.js';

/** Two convolutions of side 3 around a shortcut, the first of which strides. Names as in MONAI. */
export class BasicBlock3d extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv3d;
  readonly bn1: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly conv2: Conv3d;
  readonly bn2: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly downsample: UnaryModule | undefined;
  private readonly dropPath: DropPath;

  constructor(options: ResidualBlock3dOptions) {
    super();
    const { inChannels, width, stride, key, norm, dropPath } = checkOptions(
      'BasicBlock3d',
      options,
      residualBlock3dOptionNames,
    );
    const convolution = { kernelSize: 3, padding: 1, bias: false, weightInit: kaimingFanOut };
    this.conv1 = new Conv3d(inChannels, width, { ...convolution, stride, key: foldIn(key, 1) });
    this.bn1 = createNorm(norm, width);
    this.conv2 = new Conv3d(width, width, { ...convolution, key: foldIn(key, 2) });
    this.bn2 = createNorm(norm, width);
    this.downsample = shortcut3d(options, width * BasicBlock3d.expansion, foldIn(key, 0));
    this.dropPath = new DropPath(dropPath);
  }

  forward(x: tf.Tensor5D, ctx: ForwardContext = evaluation): tf.Tensor5D {
    const identity = this.downsample === undefined ? x : this.downsample.forward(x, ctx);
    const inner = this.bn1.forward(this.conv1.forward(x), ctx, 'relu');
    const branch = this.bn2.forward(this.conv2.forward(inner), ctx);
    return addRelu(this.dropPath.forward(branch, childContext(ctx, 'drop_path')), identity);
  }
}
