import type * as tf from '@tensorflow/tfjs-core';
import { checkRate, dropout } from '@selfsup/ssl-tensor';
import { checkContext, drawKey, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';

/**
 * Inverted dropout while training, identity otherwise.
 *
 * Source: Srivastava et al. 2014; defined as `torch.nn.Dropout`.
 */
export class Dropout extends Module {
  /** @param rate probability of a zero, in `[0, 1)` */
  constructor(readonly rate: number) {
    super();
    checkRate('Dropout', { rate });
  }

  /**
   * @param x any shape
   * @returns same shape
   * @throws InvalidOptionError while training with a rate above 0 and no key in the context
   */
  forward<T extends tf.Tensor>(x: T, ctx: ForwardContext = evaluation): T {
    checkContext('Dropout.forward', ctx);
    if (!ctx.training || this.rate === 0) return x;
    return dropout(x, this.rate, drawKey(ctx, 'Dropout.forward'));
  }
}
