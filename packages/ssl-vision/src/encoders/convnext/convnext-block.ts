import * as tf from '@tensorflow/tfjs-core';
import {
  Conv2d,
  DropPath,
  LayerNorm,
  Mlp,
  Module,
  Parameter,
  childContext,
  constant,
  evaluation,
  truncatedNormal,
  zeros,
} from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** How weights of a ConvNeXt start: Gaussian of deviation 0.02, biases 0. */
export const convNextInit = { weightInit: truncatedNormal({ standardDeviation: 0.02 }), biasInit: zeros };

/** Options of {@link ConvNeXtBlock}. */
export interface ConvNeXtBlockOptions {
  readonly key: RandomKey;
  /** Factor of each feature of the branch at the start; false: no factors. */
  readonly layerScale: number | false;
  /** Probability that a sample skips the branch. */
  readonly dropPath: number;
}

const convNeXtBlockOptionNames: OptionNames<ConvNeXtBlockOptions> = {
  key: 'requiredKey',
  layerScale: 'required',
  dropPath: 'requiredNumber',
};

/**
 * `x + gamma * mlp(norm(conv(x)))`: a depthwise 7 x 7 convolution, then a normalisation and two layers over the channels
 * of each place. Names as in timm.
 *
 * Source: Liu et al. 2022 (arXiv 2201.03545), figure 4.
 */
export class ConvNeXtBlock extends Module {
  static override readonly fieldNames = { depthwise: 'conv_dw' };
  readonly depthwise: Conv2d;
  readonly norm: LayerNorm;
  readonly mlp: Mlp;
  readonly gamma: Parameter | undefined;
  private readonly dropPath: DropPath;

  constructor(channels: number, options: ConvNeXtBlockOptions) {
    super();
    const { key, layerScale, dropPath } = checkOptions('ConvNeXtBlock', options, convNeXtBlockOptionNames);
    this.depthwise = new Conv2d(channels, channels, {
      ...convNextInit,
      key: foldIn(key, 'conv_dw'),
      kernelSize: 7,
      padding: 3,
      groups: channels,
    });
    this.norm = new LayerNorm(channels, { epsilon: 1e-6 });
    this.mlp = new Mlp(channels, 4 * channels, { ...convNextInit, key: foldIn(key, 'mlp') });
    this.gamma = layerScale === false ? undefined : new Parameter(constant(layerScale)([channels], key));
    this.dropPath = new DropPath(dropPath);
  }

  /**
   * @param x `[batch, height, width, channels]`
   * @returns same shape
   */
  forward(x: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const widened = this.mlp.forward(this.norm.forward(this.depthwise.forward(x)), childContext(ctx, 'mlp'));
    const branch = this.gamma === undefined ? widened : (tf.mul(widened, this.gamma.variable) as tf.Tensor4D);
    return tf.add(x, this.dropPath.forward(branch, childContext(ctx, 'drop_path')));
  }
}
