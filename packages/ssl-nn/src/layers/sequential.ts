import type * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module, type UnaryModule } from '../module/module.js';

/**
 * Modules one after the other, named by index. Source: `torch.nn.Sequential`.
 *
 * @example
 * const head = new Sequential([new Linear(512, 512, { key: a }), new Relu(), new Linear(512, 128, { key: b })]);
 */
export class Sequential extends Module {
  static override readonly fieldNames = { layers: '' };

  constructor(readonly layers: readonly UnaryModule[]) {
    super();
  }

  forward(x: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor {
    return this.layers.reduce((value, layer, index) => layer.forward(value, childContext(ctx, index)), x);
  }
}
