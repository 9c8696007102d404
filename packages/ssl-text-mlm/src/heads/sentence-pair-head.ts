import * as tf from '@tensorflow/tfjs-core';
import { type ForwardContext, type Linear, Module } from '@selfsup/ssl-nn';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import { checkOneTextEach } from '../bert/check-one-text-each.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import type { TextModel } from '../models/text-model.js';

/** What a model for pretraining on pairs says of a batch. */
export interface PairScores {
  /** Scores of all words at the asked positions, `[n, vocabulary]`. */
  readonly tokens: tf.Tensor2D;
  /** Scores of each row, `[batch, 2]`: 0 = the texts are as they were, 1 = they are not. */
  readonly pairs: tf.Tensor2D;
}

/** A masked language model that also tells whether two texts belong together: a {@link BertForPreTraining} and its kin. */
export interface PairScorer extends MaskedLmModel {
  /**
   * Both of one pass through the encoder.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`
   */
  pairScores(inputs: BertInputs, positions: tf.Tensor, ctx?: ForwardContext): PairScores;
}

/**
 * Two scores of the first token of a row, through the encoder's pooler or, where it has none, one of this head:
 * `W tanh(P h + p) + b`. Names of transformers' `cls.seq_relationship`, with `dense` beside it for an own pooler.
 */
export class SentencePairHead extends Module {
  static override readonly fieldNames = { output: '' };
  /** Of encoders without a pooler. */
  readonly dense?: Linear;
  readonly output: Linear;

  constructor(encoder: TextModel, key: RandomKey) {
    super();
    const { config, poolerDense, tokenDim } = encoder;
    if (poolerDense === undefined) this.dense = gaussianLinear(tokenDim, tokenDim, config, foldIn(key, 'dense'));
    this.output = gaussianLinear(tokenDim, 2, config, foldIn(key, 'output'));
  }

  /**
   * @param model whose encoder this head was made for
   * @throws InvalidOptionError for rows that hold several texts, or a model whose scores are not of the encoder's rows
   */
  scores(model: MaskedLmModel, inputs: BertInputs, positions: tf.Tensor, ctx: ForwardContext): PairScores {
    checkOneTextEach('SentencePairHead', inputs);
    const { encoder } = model;
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const first = tf.range(0, batch * tokens, tokens, 'int32');
    const rows = encoder.forwardFlat(inputs, ctx, tf.concat([positions as tf.Tensor1D, first]));
    const [masked, firsts] = tf.split(rows, [positions.shape[0]!, batch]) as [tf.Tensor2D, tf.Tensor2D];
    const pooled = tf.tanh((encoder.poolerDense ?? this.dense)!.forward(firsts));
    return { tokens: model.scoresOf!(masked), pairs: this.output.forward(pooled) as tf.Tensor2D };
  }
}
