import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { constant } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';
import { checkCount } from '@selfsup/ssl-tensor/host';

/**
 * A trainable factor for each feature: `x * gamma`.
 *
 * Source: Touvron et al. 2021, arXiv 2103.17239, equation 2; name and start of `timm`'s and DINOv2's `LayerScale`.
 */
export class LayerScale extends Module {
  readonly gamma: Parameter;

  /**
   * @param initial value of every factor at the start; DINOv2 and timm's ViT take 1e-5
   * @throws InvalidOptionError when `initial` is not finite
   */
  constructor(
    readonly dim: number,
    initial = 1e-5,
  ) {
    super();
    checkCount('LayerScale', { dim });
    if (!Number.isFinite(initial)) throw new InvalidOptionError('LayerScale', 'initial', 'a finite number', initial);
    this.gamma = new Parameter(constant(initial)([dim], [0, 0]));
  }

  /**
   * @param x `[..., dim]`
   * @returns same shape
   * @throws ShapeError when the last axis is not `dim`
   */
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    checkIsTensor('LayerScale.forward', 'x', x);
    if (x.shape.at(-1) !== this.dim)
      throw new ShapeError('LayerScale.forward', 'x', `[..., ${this.dim}]`, `[${x.shape.join(', ')}]`);
    return tf.mul(x, this.gamma.variable) as T;
  }
}
