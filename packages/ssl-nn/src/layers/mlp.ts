import type * as tf from '@tensorflow/tfjs-core';
import { gelu, type GeluOptions } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { Initialiser } from '../init/initialiser.js';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Dropout } from './dropout.js';
import { Linear } from './linear.js';

/** Options of {@link Mlp}. */
export interface MlpOptions {
  readonly key: RandomKey;
  /** Default the size of the input. */
  readonly outFeatures?: number;
  /** After each layer; default 0. */
  readonly dropout?: number;
  /** Form of GELU; default exact. */
  readonly approximate?: GeluOptions['approximate'];
  /** Default true. */
  readonly bias?: boolean;
  /** Default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const mlpOptionNames: OptionNames<MlpOptions> = {
  key: 'requiredKey',
  outFeatures: 'optionalNumber',
  dropout: 'optionalNumber',
  approximate: 'optional',
  bias: 'optionalFlag',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/** `fc2(gelu(fc1(x)))` over the last axis. Source: names and order of `timm.layers.Mlp`. */
export class Mlp extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;
  private readonly dropout: Dropout;
  private readonly approximate: 'none' | 'tanh';

  constructor(inFeatures: number, hiddenFeatures: number, options: MlpOptions) {
    super();
    const {
      key,
      outFeatures = inFeatures,
      dropout = 0,
      approximate = 'none',
      ...linear
    } = checkOptions('Mlp', options, mlpOptionNames);
    this.fc1 = new Linear(inFeatures, hiddenFeatures, { ...linear, key: foldIn(key, 'fc1') });
    this.fc2 = new Linear(hiddenFeatures, outFeatures, { ...linear, key: foldIn(key, 'fc2') });
    this.dropout = new Dropout(dropout);
    this.approximate = approximate;
  }

  /**
   * @param x `[..., in]`
   * @returns `[..., out]`
   */
  forward<T extends tf.Tensor>(x: T, ctx: ForwardContext = evaluation): T {
    const hidden = gelu(this.fc1.forward(x), { approximate: this.approximate });
    const y = this.fc2.forward(this.dropout.forward(hidden, childContext(ctx, 'drop1')));
    return this.dropout.forward(y, childContext(ctx, 'drop2'));
  }
}
