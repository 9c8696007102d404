import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';

/** Returns its input. Source: `torch.nn.Identity`. */
export class Identity extends Module {
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    return x;
  }
}
