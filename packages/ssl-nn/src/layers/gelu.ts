import type * as tf from '@tensorflow/tfjs-core';
import { gelu, type GeluOptions } from '@selfsup/ssl-tensor';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';

/** `x * Phi(x)`, exact by default, as a link of {@link Sequential}. Source: `torch.nn.GELU`. */
export class Gelu extends Module {
  readonly #options: GeluOptions;

  constructor(options: GeluOptions = {}) {
    super();
    this.#options = options;
  }

  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    return gelu(x, this.#options);
  }
}
