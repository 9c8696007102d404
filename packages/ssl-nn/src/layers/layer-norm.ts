import * as tf from '@tensorflow/tfjs-core';
import { checkCount, layerNorm } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { ones, zeros } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5, as PyTorch; ViT takes 1e-6, BERT 1e-12. */
  readonly epsilon?: number;
  /** Default true; ModernBERT has none. */
  readonly bias?: boolean;
}

const layerNormOptionNames: OptionNames<LayerNormOptions> = {
  epsilon: 'optionalNumber',
  bias: 'optionalFlag',
};

/**
 * Layer normalisation over the last axis, with trainable `weight` and, unless left out, `bias` `[dim]`.
 *
 * Source: Ba et al. 2016, arXiv 1607.06450; defined as `torch.nn.LayerNorm`.
 */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;
  readonly epsilon: number;

  constructor(
    readonly dim: number,
    options: LayerNormOptions = {},
  ) {
    super();
    const { epsilon = 1e-5, bias = true } = checkOptions('LayerNorm', options, layerNormOptionNames);
    checkCount('LayerNorm', { dim });
    this.epsilon = epsilon;
    this.weight = new Parameter(ones([dim], [0, 0]));
    if (bias) this.bias = new Parameter(zeros([dim], [0, 0]));
  }

  /**
   * @param x `[..., dim]`
   * @returns same shape
   * @throws ShapeError when the last axis is not `dim`
   */
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    return layerNorm(x, this.weight.variable, this.bias?.variable ?? tf.zeros([this.dim]), this.epsilon);
  }
}
