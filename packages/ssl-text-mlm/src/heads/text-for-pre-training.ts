import type * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, type ForwardContext, Module } from '@selfsup/ssl-nn';
import { checkOptions, InvalidOptionError, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { TextModel } from '../models/text-model.js';
import { type PairScorer, type PairScores, SentencePairHead } from './sentence-pair-head.js';

/** Options of {@link TextForPreTraining}. */
export interface TextPreTrainingOptions {
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
}

const optionNames: OptionNames<TextPreTrainingOptions> = { key: 'requiredKey' };

/**
 * A masked language model of any family with a head that tells whether two texts belong together, for
 * `SentencePairPrediction`. State names are the model's, with `seq_relationship.` beside; of a BERT, `BertForPreTraining` has
 * transformers' names for both.
 *
 * @example
 * const model = new TextForPreTraining(new RobertaForMaskedLM(config, { key: randomKey(1) }), { key: randomKey(2) });
 */
export class TextForPreTraining extends Module implements PairScorer {
  static override readonly fieldNames = { model: '', seqRelationship: 'seq_relationship' };
  readonly model: MaskedLmModel;
  readonly seqRelationship: SentencePairHead;

  /** @throws InvalidOptionError for what is no masked language model, and for options */
  constructor(model: MaskedLmModel, options: TextPreTrainingOptions) {
    super();
    const where = 'TextForPreTraining';
    const { key } = checkOptions(where, options, optionNames);
    if (!((model as unknown) instanceof Module && typeof model.scoresOf === 'function')) {
      const advice = 'Such as new BertForMaskedLM(config, { key: randomKey(1) })';
      throw new InvalidOptionError(where, 'model', 'a masked language model', model, advice);
    }
    this.model = model;
    this.seqRelationship = new SentencePairHead(model.encoder, key);
  }

  get config(): MaskedLmModel['config'] {
    return this.model.config;
  }

  get encoder(): TextModel {
    return this.model.encoder;
  }

  /** As the model's. */
  forward(inputs: BertInputs, positions?: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.model.forward(inputs, positions, ctx);
  }

  /**
   * Scores of words at some positions, and of each row of whether its texts are as they were, in one pass.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`
   * @throws InvalidOptionError for rows that hold several texts
   */
  pairScores(inputs: BertInputs, positions: tf.Tensor, ctx: ForwardContext = evaluation): PairScores {
    return this.seqRelationship.scores(this.model, inputs, positions, childContext(ctx, 'model'));
  }
}
