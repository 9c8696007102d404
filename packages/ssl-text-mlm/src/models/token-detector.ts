import type { ForwardContext, Module } from '@selfsup/ssl-nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { TextModel } from './text-model.js';

/** A discriminator of any family: an encoder, and of each token a score that it was replaced. */
export interface TokenDetector extends Module {
  /** The encoder without the head. Written as a getter, so that it is no second child of the module's tree. */
  readonly encoder: TextModel;
  /** @returns logits `[batch, tokens]`, above 0 = replaced */
  forward(inputs: BertInputs, ctx?: ForwardContext): tf.Tensor2D;
}
