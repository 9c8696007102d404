import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, Module, zeros } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { hardSigmoid, silu } from './activations.js';
import { kaimingFanOut } from './conv-norm-act.js';

/** ReLU and hard sigmoid (MobileNetV3), or SiLU and sigmoid (EfficientNet). */
export type GateKind = 'hard' | 'smooth';

/**
 * A factor for each channel from the channels' means: `x * gate(fc2(activation(fc1(mean(x)))))`.
 *
 * Source: Hu et al. 2017 (arXiv 1709.01507); names of `torchvision.ops.SqueezeExcitation`.
 */
export class SqueezeExcitation extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;

  constructor(
    channels: number,
    squeezed: number,
    private readonly kind: GateKind,
    key: RandomKey,
  ) {
    super();
    const linear = { kernelSize: 1, weightInit: kaimingFanOut, biasInit: zeros };
    this.fc1 = new Conv2d(channels, squeezed, { ...linear, key: foldIn(key, 'fc1') });
    this.fc2 = new Conv2d(squeezed, channels, { ...linear, key: foldIn(key, 'fc2') });
  }

  /**
   * @param x `[batch, height, width, channels]`
   * @returns same shape
   */
  forward(x: tf.Tensor4D, _ctx?: ForwardContext): tf.Tensor4D {
    const inner = this.fc1.forward(tf.mean(x, [1, 2], true));
    const scale = this.fc2.forward(this.kind === 'hard' ? tf.relu(inner) : silu(inner));
    return tf.mul(x, this.kind === 'hard' ? hardSigmoid(scale) : tf.sigmoid(scale));
  }
}
