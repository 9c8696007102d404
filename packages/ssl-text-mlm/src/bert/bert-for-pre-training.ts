import type * as tf from '@tensorflow/tfjs-core';
import { evaluation, type ForwardContext } from '@selfsup/ssl-nn';
import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import { type PairScorer, type PairScores, SentencePairHead } from '../heads/sentence-pair-head.js';
import { type MaskedLmOptions, maskedLmOptionNames } from '../models/encoder-for-masked-lm.js';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { BertForMaskedLM } from './bert-for-masked-lm.js';
import type { BertInputs } from './bert-inputs.js';

/**
 * BERT as it was pretrained: the head for masked tokens, and on the pooler one that tells whether the second text of a row
 * follows the first (`SentencePairPrediction`). It is a `BertForMaskedLM` too, for evaluation and `fillMask`.
 *
 * State names are those of Hugging Face's `BertForPreTraining`.
 */
export class BertForPreTraining extends BertForMaskedLM implements PairScorer {
  static override readonly fieldNames = { ...BertForMaskedLM.fieldNames, seqRelationship: 'cls.seq_relationship' };
  readonly seqRelationship: SentencePairHead;

  /** @throws InvalidOptionError for options */
  constructor(config: BertConfig, options: MaskedLmOptions) {
    checkOptions('BertForPreTraining', config, bertConfigNames, 'config');
    checkOptions('BertForPreTraining', options, maskedLmOptionNames);
    super(config, options, true);
    this.seqRelationship = new SentencePairHead(this.bert, foldIn(options.key, 'seq-relationship'));
  }

  /**
   * Scores of words at some positions, and of each row of whether its texts are as they were, in one pass.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`
   * @throws InvalidOptionError for rows that hold several texts
   */
  pairScores(inputs: BertInputs, positions: tf.Tensor, ctx: ForwardContext = evaluation): PairScores {
    return this.seqRelationship.scores(this, inputs, positions, ctx);
  }

  protected override get tellsNextSentence(): boolean {
    return true;
  }
}
