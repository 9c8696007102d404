import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  evaluation,
  Module,
  type ForwardContext,
  type Linear,
  type LoadStateResult,
  type StateEntries,
} from '@selfsup/ssl-nn';
import {
  checkCount,
  checkOptions,
  checkRate,
  foldIn,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { loadEncoder } from '../models/load-encoder.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { bertDropout } from './bert-dropout.js';
import type { BertInputs } from './bert-inputs.js';
import { BertModel } from './bert-model.js';
import { checkOneTextEach } from './check-one-text-each.js';
import { meanPool } from './mean-pool.js';
import { ignoreNextSentence } from './other-bert-names.js';

/** Options of {@link BertForSequenceClassification}. */
export interface SequenceClassifierOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  readonly numLabels: number;
  /** `mean` over the tokens, or `cls`: the pooler on `[CLS]`, as Hugging Face does it. Default `mean`. */
  readonly pooling?: 'mean' | 'cls';
  /** Dropout before the classifier. Default the configuration's `classifierDropout`, or its `hiddenDropout`. */
  readonly classifierDropout?: number;
}

const sequenceClassifierOptionNames: OptionNames<SequenceClassifierOptions> = {
  key: 'requiredKey',
  numLabels: 'requiredNumber',
  pooling: 'optional',
  classifierDropout: 'optionalNumber',
};

/**
 * BERT with a linear classifier on pooled tokens.
 *
 * With `cls`, names and arithmetic are those of Hugging Face's `BertForSequenceClassification`; `mean` has no pooler,
 * and is the better start where pretraining had no next-sentence task that would have trained one.
 */
export class BertForSequenceClassification extends Module implements SequenceClassifierModel {
  readonly bert: BertModel;
  readonly classifier: Linear;
  readonly numLabels: number;
  readonly pooling: 'mean' | 'cls';
  private readonly dropout: number;

  /** @throws InvalidOptionError if `numLabels` is not a positive integer or the dropout is outside [0, 1) */
  constructor(config: BertConfig, options: SequenceClassifierOptions) {
    super();
    checkOptions('BertForSequenceClassification', options, sequenceClassifierOptionNames);
    checkOptions('BertForSequenceClassification', config, bertConfigNames, 'config');
    const {
      key,
      numLabels,
      pooling = 'mean',
      classifierDropout = config.classifierDropout ?? config.hiddenDropout,
    } = options;
    checkCount('BertForSequenceClassification', { numLabels });
    checkRate('BertForSequenceClassification', { classifierDropout });
    this.numLabels = numLabels;
    this.pooling = pooling;
    this.dropout = classifierDropout;
    this.bert = new BertModel(config, { key: foldIn(key, 'bert'), pooler: pooling === 'cls' });
    this.classifier = gaussianLinear(config.hiddenSize, numLabels, config, foldIn(key, 'classifier'));
  }

  get config(): BertConfig {
    return this.bert.config;
  }

  get encoder(): BertModel {
    return this.bert;
  }

  /** Pooled features, `[batch, hidden]`. @throws InvalidOptionError for packed rows, which hold several texts */
  features(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    checkOneTextEach('BertForSequenceClassification', inputs);
    if (this.bert.poolerDense === undefined) return meanPool(this.bert.forward(inputs, ctx), inputs.attentionMask);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const first = tf.range(0, batch * tokens, tokens, 'int32');
    return tf.tanh(this.bert.poolerDense.forward(this.bert.forwardFlat(inputs, ctx, first)));
  }

  /** @returns logits `[batch, numLabels]` */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.classifier.forward(
      bertDropout(this.features(inputs, ctx), this.dropout, childContext(ctx, 'classifier')),
    );
  }

  /**
   * Takes the encoder's weights from a state dict of a pretrained model, such as a {@link BertForMaskedLM}'s; the
   * classifier stays as it is.
   *
   * @param state with names under `bert.`
   * @returns what of the state dict is not in the encoder, with the reason
   * @throws CheckpointError if the encoder does not fit
   */
  loadEncoder(state: ReadonlyMap<string, NdArray>): LoadStateResult {
    return loadEncoder(this.bert, state);
  }

  /** A next-sentence head of the file is reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    ignoreNextSentence(state);
  }
}
