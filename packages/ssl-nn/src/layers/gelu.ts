import type * as tf from '@tensorflow/tfjs-core';
import { gelu, type GeluOptions } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';

const geluOptionNames: OptionNames<GeluOptions> = { approximate: 'optional' };

/** `x * Phi(x)`, exact by default, as a link of {@link Sequential}. Source: `torch.nn.GELU`. */
export class Gelu extends Module {
  private readonly options: GeluOptions;

  constructor(options: GeluOptions = {}) {
    super();
    this.options = checkOptions('Gelu', options, geluOptionNames);
  }

  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    return gelu(x, this.options);
  }
}
