import type * as tf from '@tensorflow/tfjs-core';
import { checkRate, dropPath } from '@selfsup/ssl-tensor';
import { checkContext, drawKey, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';

/**
 * Stochastic depth: while training, zeroes whole samples of a residual branch and scales the rest by `1 / (1 - rate)`.
 *
 * Source: Huang et al. 2016, arXiv 1603.09382; defined as `timm.layers.DropPath`.
 */
export class DropPath extends Module {
  /** @param rate probability that a sample loses the branch, in `[0, 1)` */
  constructor(readonly rate: number) {
    super();
    checkRate('DropPath', { rate });
  }

  /**
   * @param x `[batch, ...]`
   * @returns same shape
   * @throws InvalidOptionError while training with a rate above 0 and no key in the context
   */
  forward<T extends tf.Tensor>(x: T, ctx: ForwardContext = evaluation): T {
    checkContext('DropPath.forward', ctx);
    if (!ctx.training || this.rate === 0) return x;
    return dropPath(x, this.rate, drawKey(ctx, 'DropPath.forward'));
  }
}
