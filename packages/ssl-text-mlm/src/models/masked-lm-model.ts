import type { ForwardContext, Module } from '@selfsup/ssl-nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { TextModel } from './text-model.js';

/** A masked language model of any family: an encoder, and scores of all words at chosen places. */
export interface MaskedLmModel extends Module {
  readonly config: { readonly vocabSize: number; readonly maxPositionEmbeddings: number };
  /** The encoder without the head. Written as a getter, so that it is no second child of the module's tree. */
  readonly encoder: TextModel;
  /**
   * @param positions int32 `[n]`, flat indices into `batch * tokens`. Default: all
   * @returns logits `[n, vocabulary]`
   */
  forward(inputs: BertInputs, positions?: tf.Tensor, ctx?: ForwardContext): tf.Tensor2D;
  /**
   * What `forward` makes of the encoder's rows, where others read these too.
   *
   * @param rows `[n, hidden]`, of `encoder.forwardFlat`
   * @returns logits `[n, vocabulary]`
   */
  scoresOf?(rows: tf.Tensor2D): tf.Tensor2D;
}
