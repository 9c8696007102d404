import type * as tf from '@tensorflow/tfjs-core';
import { Conv3d, DropPath, Module, childContext, evaluation } from '@selfsup/ssl-nn';
import type { BatchNorm, ForwardContext, FrozenBatchNorm, GroupNorm, UnaryModule } from '@selfsup/ssl-nn';
import { addRelu, foldIn } from '@selfsup/ssl-tensor';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import { kaimingFanOut } from '../resnet/residual-block.js';
import { createNorm } from '../resnet/resnet-norm.js';
import { residualBlock3dOptionNames, shortcut3d, type ResidualBlock3dOptions } from './shortcut3d.js';

/** Convolutions of sides 1, 3 and 1 around a shortcut, the middle one of which strides. Names as in MONAI. */
export class Bottleneck3d extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv3d;
  readonly bn1: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly conv2: Conv3d;
  readonly bn2: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly conv3: Conv3d;
  readonly bn3: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly downsample: UnaryModule | undefined;
  private readonly dropPath: DropPath;

  constructor(options: ResidualBlock3dOptions) {
    super();
    const { inChannels, width, stride, key, norm, dropPath } = checkOptions(
      'Bottleneck3d',
      options,
      residualBlock3dOptionNames,
    );
    const out = width * Bottleneck3d.expansion;
    const plain = { bias: false, weightInit: kaimingFanOut };
    this.conv1 = new Conv3d(inChannels, width, { ...plain, kernelSize: 1, key: foldIn(key, 1) });
    this.bn1 = createNorm(norm, width);
    this.conv2 = new Conv3d(width, width, { ...plain, kernelSize: 3, stride, padding: 1, key: foldIn(key, 2) });
    this.bn2 = createNorm(norm, width);
    this.conv3 = new Conv3d(width, out, { ...plain, kernelSize: 1, key: foldIn(key, 3) });
    this.bn3 = createNorm(norm, out);
    this.downsample = shortcut3d(options, out, foldIn(key, 0));
    this.dropPath = new DropPath(dropPath);
  }

  forward(x: tf.Tensor5D, ctx: ForwardContext = evaluation): tf.Tensor5D {
    const identity = this.downsample === undefined ? x : this.downsample.forward(x, ctx);
    const reduced = this.bn1.forward(this.conv1.forward(x), ctx, 'relu');
    const inner = this.bn2.forward(this.conv2.forward(reduced), ctx, 'relu');
    const branch = this.bn3.forward(this.conv3.forward(inner), ctx);
    return addRelu(this.dropPath.forward(branch, childContext(ctx, 'drop_path')), identity);
  }
}
