import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  Dropout,
  evaluation,
  type ForwardContext,
  type Linear,
  type LoadStateResult,
  Module,
} from '@selfsup/ssl-nn';
import {
  checkCount,
  checkOptions,
  foldIn,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { checkOneTextEach } from '../bert/check-one-text-each.js';
import { meanPool } from '../bert/mean-pool.js';
import { loadEncoder } from '../models/load-encoder.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { type ModernBertConfig, modernBertConfigNames } from './modern-bert-config.js';
import type { ModernBertInputs } from './modern-bert-inputs.js';
import { ModernBertModel } from './modern-bert-model.js';
import { modernBertLinear } from './modern-bert-parts.js';
import { ModernBertPredictionHead } from './modern-bert-prediction-head.js';

/** Options of {@link ModernBertForSequenceClassification}. */
export interface ModernBertClassifierOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  readonly numLabels: number;
}

const modernBertClassifierOptionNames: OptionNames<ModernBertClassifierOptions> = {
  key: 'requiredKey',
  numLabels: 'requiredNumber',
};

/**
 * ModernBERT with a classifier on the first token or on the mean over the tokens, by the configuration's
 * `classifierPooling`: `classifier(head(pooled))`.
 *
 * State names are those of transformers' `ModernBertForSequenceClassification`.
 */
export class ModernBertForSequenceClassification extends Module implements SequenceClassifierModel {
  readonly model: ModernBertModel;
  readonly head: ModernBertPredictionHead;
  readonly classifier: Linear;
  readonly numLabels: number;
  private readonly dropout: Dropout;

  /** @throws InvalidOptionError if `numLabels` is not a positive integer */
  constructor(config: ModernBertConfig, options: ModernBertClassifierOptions) {
    super();
    const where = 'ModernBertForSequenceClassification';
    checkOptions(where, config, modernBertConfigNames, 'config');
    const { key, numLabels } = checkOptions(where, options, modernBertClassifierOptionNames);
    checkCount(where, { numLabels });
    this.numLabels = numLabels;
    this.model = new ModernBertModel(config, { key: foldIn(key, 'model') });
    this.head = new ModernBertPredictionHead(config, foldIn(key, 'head'));
    this.classifier = modernBertLinear(config.hiddenSize, numLabels, config, {
      key: foldIn(key, 'classifier'),
      bias: true,
      standardDeviation: config.hiddenSize ** -0.5,
    });
    this.dropout = new Dropout(config.classifierDropout);
  }

  get config(): ModernBertConfig {
    return this.model.config;
  }

  get encoder(): ModernBertModel {
    return this.model;
  }

  /** Features that the classifier reads, `[batch, hidden]`. @throws InvalidOptionError for packed rows */
  features(inputs: ModernBertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.head.forward(this.pooled(inputs, ctx));
  }

  /** @returns logits `[batch, numLabels]` */
  forward(inputs: ModernBertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.classifier.forward(this.dropout.forward(this.features(inputs, ctx), childContext(ctx, 'drop')));
  }

  /**
   * Takes the encoder's weights from a state dict of a pretrained model, such as a `ModernBertForMaskedLM`'s; head and
   * classifier stay as they are.
   *
   * @param state with names under `model.`
   * @returns what of the state dict is not in the encoder, with the reason
   * @throws CheckpointError if the encoder does not fit
   */
  loadEncoder(state: ReadonlyMap<string, NdArray>): LoadStateResult {
    return loadEncoder(this.model, state);
  }

  private pooled(inputs: ModernBertInputs, ctx: ForwardContext): tf.Tensor2D {
    checkOneTextEach('ModernBertForSequenceClassification', inputs);
    if (this.config.classifierPooling === 'mean')
      return meanPool(this.model.forward(inputs, ctx), inputs.attentionMask);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    return this.model.forwardFlat(inputs, ctx, tf.range(0, batch * tokens, tokens, 'int32'));
  }
}
