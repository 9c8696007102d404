import type { ForwardContext, Module } from '@selfsup/ssl-nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { TextModel } from './text-model.js';

/** A model of any family that gives each sequence, or pair of sequences, a row of scores. */
export interface SequenceClassifierModel extends Module {
  /** The encoder without the head. Written as a getter, so that it is no second child of the module's tree. */
  readonly encoder: TextModel;
  /** Scores of a row: classes, labels, or numbers to predict. */
  readonly numLabels: number;
  /** @returns logits `[batch, numLabels]` */
  forward(inputs: BertInputs, ctx?: ForwardContext): tf.Tensor2D;
}
