import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';

/** `max(x, 0)`, as a link of {@link Sequential}. Source: `torch.nn.ReLU`. */
export class Relu extends Module {
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    return tf.relu(x);
  }
}
