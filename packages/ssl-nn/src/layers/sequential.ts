import type * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { isCaptured } from '../module/call-recorder.js';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module, type UnaryModule } from '../module/module.js';
import { BatchNorm } from './batch-norm.js';
import { Conv2d } from './conv2d.js';
import { Relu } from './relu.js';

/**
 * Modules one after the other, named by index. A batch normalisation runs with the ReLU after it, and with the convolution before it
 * where that has small filters. Source: `torch.nn.Sequential`.
 *
 * @example
 * const head = new Sequential([new Linear(512, 512, { key: a }), new Relu(), new Linear(512, 128, { key: b })]);
 */
export class Sequential extends Module {
  static override readonly fieldNames = { layers: '' };

  /** @throws InvalidOptionError for what is no list of modules */
  constructor(readonly layers: readonly UnaryModule[]) {
    super();
    if (!Array.isArray(layers)) {
      const advice = 'Write new Sequential([first, second])';
      throw new InvalidOptionError('Sequential', 'layers', 'an array of modules', layers, advice);
    }
    layers.forEach((layer: unknown, index) => {
      const { forward, namedParameters } = (layer ?? {}) as Partial<UnaryModule>;
      if (typeof forward === 'function' && typeof namedParameters === 'function') return;
      const advice =
        typeof layer === 'function'
          ? `Of a class make one, new ${layer.name || 'Layer'}(...); a function such as tf.relu is new Relu(), or the forward() of a class that extends Module`
          : 'A module extends Module and has forward(x, ctx)';
      throw new InvalidOptionError('Sequential', `layers[${index}]`, 'a module with forward(x, ctx)', layer, advice);
    });
  }

  forward(x: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor {
    return this.layers.reduce((value, layer, index) => {
      const own = childContext(ctx, index);
      const [before, after] = [this.layers[index - 1], this.layers[index + 1]];
      if (layer instanceof Relu && before instanceof BatchNorm && !isCaptured(layer)) return value;
      if (waitsForNorm(layer, ctx) && after instanceof BatchNorm) return value;
      if (!(layer instanceof BatchNorm)) return layer.forward(value, own);
      const activation = after instanceof Relu ? 'relu' : undefined;
      return waitsForNorm(before, ctx)
        ? layer.forwardConvolution(before, value as tf.Tensor4D, own, activation)
        : layer.forward(value, own, activation);
    }, x);
  }
}

/** Whether a layer runs together with the batch normalisation after it. */
function waitsForNorm(layer: UnaryModule | undefined, { training }: ForwardContext): layer is Conv2d {
  return training && layer instanceof Conv2d && layer.isNarrow;
}
