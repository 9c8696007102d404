import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { ones } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';
import { checkCount } from '@selfsup/ssl-tensor/host';

/** Options of {@link RmsNorm}. */
export interface RmsNormOptions {
  /** Added to the mean square. Default 1e-6, as timm and Llama; PyTorch's own default is the type's epsilon. */
  readonly epsilon?: number;
}

const rmsNormOptionNames: OptionNames<RmsNormOptions> = {
  epsilon: 'optionalNumber',
};

/**
 * Root mean square normalisation over the last axis: `x / sqrt(mean(x^2) + epsilon) * weight`, with a trainable `weight`
 * `[dim]` and no bias.
 *
 * Source: Zhang and Sennrich 2019, arXiv 1910.07467, equation 4; defined as `torch.nn.RMSNorm`.
 */
export class RmsNorm extends Module {
  readonly weight: Parameter;
  readonly epsilon: number;

  constructor(
    readonly dim: number,
    options: RmsNormOptions = {},
  ) {
    super();
    const { epsilon = 1e-6 } = checkOptions('RmsNorm', options, rmsNormOptionNames);
    checkCount('RmsNorm', { dim });
    this.epsilon = epsilon;
    this.weight = new Parameter(ones([dim], [0, 0]));
  }

  /**
   * @param x `[..., dim]`
   * @returns same shape
   * @throws ShapeError when the last axis is not `dim`
   */
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    checkIsTensor('RmsNorm.forward', 'x', x);
    if (x.shape.at(-1) !== this.dim)
      throw new ShapeError('RmsNorm.forward', 'x', `[..., ${this.dim}]`, `[${x.shape.join(', ')}]`);
    const meanSquare = tf.mean(tf.mul(x, x), -1, true);
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, this.epsilon))), this.weight.variable) as T;
  }
}
