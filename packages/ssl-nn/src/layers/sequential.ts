import type * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module, type UnaryModule } from '../module/module.js';
import { BatchNorm } from './batch-norm.js';
import { Relu } from './relu.js';

/**
 * Modules one after the other, named by index; a batch normalisation and the ReLU after it run as one. Source:
 * `torch.nn.Sequential`.
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
    return this.layers.reduce((value, layer, index) => {
      const own = childContext(ctx, index);
      if (layer instanceof Relu && this.layers[index - 1] instanceof BatchNorm) return value;
      if (layer instanceof BatchNorm && this.layers[index + 1] instanceof Relu)
        return layer.forward(value, own, 'relu');
      return layer.forward(value, own);
    }, x);
  }
}
