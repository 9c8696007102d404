import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor } from '@selfsup/ssl-tensor/host';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';

/** `max(x, 0)`, as a link of {@link Sequential}. Source: `torch.nn.ReLU`. */
export class Relu extends Module {
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext): T {
    checkIsTensor('Relu.forward', 'x', x);
    return tf.relu(x);
  }
}
