import { childContext, evaluation, type ForwardContext, type Linear } from '@selfsup/ssl-nn';
import { checkOptions, checkRate, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import { bertDropout } from '../bert/bert-dropout.js';
import type { BertInputs } from '../bert/bert-inputs.js';
import { checkOneTextEach } from '../bert/check-one-text-each.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import { checkTextModel, type TextModel } from '../models/text-model.js';
import { EncoderWithHead } from './encoder-with-head.js';

/** Options of {@link TextForQuestionAnswering}. */
export interface QuestionAnsweringOptions {
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
  /** Dropout before the scores while training. Default the configuration's `qaDropout`, or 0, as in transformers. */
  readonly dropout?: number;
}

const optionNames: OptionNames<QuestionAnsweringOptions> = { key: 'requiredKey', dropout: 'optionalNumber' };

/** Where an answer begins and ends, as scores. */
export interface SpanLogits {
  /** `[batch, tokens]`. */
  readonly start: tf.Tensor2D;
  /** `[batch, tokens]`, of the last token of the answer. */
  readonly end: tf.Tensor2D;
}

/**
 * An encoder of any family that finds the answer to a question in a text: of every token, a score that the answer begins
 * there and one that it ends there. `bestSpans` makes answers of them. State names and arithmetic are those of transformers'
 * `BertForQuestionAnswering` and so on.
 *
 * Source: Devlin et al. 2018, arXiv:1810.04805, section 4.2.
 */
export class TextForQuestionAnswering extends EncoderWithHead {
  static override readonly fieldNames = { outputs: 'qa_outputs' };
  readonly outputs: Linear;
  private readonly dropout: number;

  /** @throws InvalidOptionError for what is no encoder, and options out of range */
  constructor(encoder: TextModel, options: QuestionAnsweringOptions) {
    const where = 'TextForQuestionAnswering';
    checkTextModel(where, encoder);
    const { key, dropout = encoder.config.qaDropout ?? 0 } = checkOptions(where, options, optionNames);
    checkRate(where, { dropout });
    super(where, encoder);
    this.dropout = dropout;
    this.outputs = gaussianLinear(encoder.tokenDim, 2, encoder.config, foldIn(key, 'outputs'));
  }

  /** @throws InvalidOptionError for packed rows: an answer is told from all tokens of a row */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): SpanLogits {
    checkOneTextEach('TextForQuestionAnswering.forward', inputs);
    const rows = this.encoder.forwardFlat(inputs, childContext(ctx, 'encoder'));
    const logits = this.outputs.forward(bertDropout(rows, this.dropout, childContext(ctx, 'outputs')));
    const [start, end] = tf
      .split(logits, 2, 1)
      .map((column) => tf.reshape(column, inputs.inputIds.shape as [number, number])) as [tf.Tensor2D, tf.Tensor2D];
    return { start, end };
  }
}
