import * as tf from '@tensorflow/tfjs-core';
import {
  checkCount,
  checkIsTensor,
  checkOptions,
  foldIn,
  type OptionNames,
  type RandomKey,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { torchBias, torchWeight, type Initialiser } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';
import { linearLayout } from '../module/state-layout.js';

/** Options of {@link Linear}. */
export interface LinearOptions {
  readonly key: RandomKey;
  /** Default true. */
  readonly bias?: boolean;
  /** Default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const linearOptionNames: OptionNames<LinearOptions> = {
  key: 'requiredKey',
  bias: 'optionalFlag',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/**
 * `y = x W + b` over the last axis.
 *
 * In memory `weight` is `[in, out]`; in the state dict `[out, in]`.
 * Source: defined as `torch.nn.Linear`.
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions,
  ) {
    super();
    const {
      key,
      bias = true,
      weightInit = torchWeight,
      biasInit = torchBias(inFeatures),
    } = checkOptions('Linear', options, linearOptionNames);
    checkCount('Linear', { inFeatures });
    checkCount('Linear', { outFeatures });
    this.weight = new Parameter(weightInit([inFeatures, outFeatures], foldIn(key, 'weight')), { layout: linearLayout });
    if (bias) this.bias = new Parameter(biasInit([outFeatures], foldIn(key, 'bias')));
  }

  /**
   * @param x `[..., in]`, rank 1 or more
   * @returns `[..., out]`
   * @throws ShapeError when the last axis is not `in`
   */
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    checkIsTensor('Linear.forward', 'x', x);
    if (x.shape.at(-1) !== this.inFeatures)
      throw new ShapeError('Linear.forward', 'x', `[..., ${this.inFeatures}]`, `[${x.shape.join(', ')}]`);
    const rows = x.rank === 2 ? (x as unknown as tf.Tensor2D) : tf.reshape(x, [-1, this.inFeatures]);
    const product = tf.matMul(rows as tf.Tensor2D, this.weight.variable as tf.Tensor as tf.Tensor2D);
    const y = this.bias === undefined ? product : tf.add(product, this.bias.variable);
    return (x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), this.outFeatures])) as unknown as T;
  }
}
