import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../module/forward-context.js';
import type { Module } from '../module/module.js';

/** A module whose result for a sample is one vector: what SimCLR, kNN, probes and classifiers want. */
export interface Encoder<I = tf.Tensor4D> extends Module {
  /** Width of the pooled features. */
  readonly featureDim: number;
  /**
   * @param inputs of images: float32 `[batch, height, width, channels]`, normalised
   * @param ctx default: evaluation
   * @returns float32 `[batch, featureDim]`
   */
  forward(inputs: I, ctx?: ForwardContext): tf.Tensor2D;
}
