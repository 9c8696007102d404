import { childContext, evaluation, type ForwardContext, type Linear } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import { bertDropout } from '../bert/bert-dropout.js';
import type { BertInputs } from '../bert/bert-inputs.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import { checkTextModel, type TextModel } from '../models/text-model.js';
import { checkHeadOptions, EncoderWithHead, type TextHeadOptions } from './encoder-with-head.js';

/**
 * An encoder of any family with a linear classifier on every token: names, parts of speech. State names and arithmetic are
 * those of transformers' `BertForTokenClassification`, `RobertaForTokenClassification` and so on.
 */
export class TextForTokenClassification extends EncoderWithHead {
  readonly classifier: Linear;
  readonly numLabels: number;
  private readonly dropout: number;

  /** @throws InvalidOptionError for what is no encoder, and options out of range */
  constructor(encoder: TextModel, options: TextHeadOptions) {
    const where = 'TextForTokenClassification';
    checkTextModel(where, encoder);
    const { key, numLabels, classifierDropout } = checkHeadOptions(where, encoder, options);
    super(where, encoder);
    this.numLabels = numLabels;
    this.dropout = classifierDropout;
    this.classifier = gaussianLinear(encoder.tokenDim, numLabels, encoder.config, foldIn(key, 'classifier'));
  }

  /** @returns logits `[batch, tokens, numLabels]` */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const rows = this.encoder.forwardFlat(inputs, childContext(ctx, 'encoder'));
    const logits = this.classifier.forward(bertDropout(rows, this.dropout, childContext(ctx, 'classifier')));
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    return tf.reshape(logits, [batch, tokens, this.numLabels]);
  }
}
