import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext, Module } from '@selfsup/ssl-nn';

/** An encoder of images. */
export interface Backbone extends Module {
  /** Width of the pooled features. */
  readonly featureDim: number;
  /**
   * @param images float32 `[batch, height, width, channels]`, normalised
   * @param ctx default: evaluation
   * @returns float32 `[batch, featureDim]`
   */
  forward(images: tf.Tensor4D, ctx?: ForwardContext): tf.Tensor2D;
}
