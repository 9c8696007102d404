import { maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkOptions, type NdArray, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { PaddedRows } from '../data/pad-rows.js';
import type { TextForTokenClassification } from '../heads/text-for-token-classification.js';
import { checkClassWeights, classWeighted } from './class-weights.js';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

/** A batch of texts with a label of each token. */
export interface TokenClassificationBatch extends PaddedRows {
  /** `[batch, tokens]`, -100 or -1 = no label: padding, special tokens, further pieces of a word. */
  readonly labels: NdArray<Int32Array>;
}

/** Options of {@link TokenClassification}. */
export interface TokenClassificationOptions {
  /** Weight of each class in the loss, `numLabels` of them. Default: all 1. */
  readonly classWeights?: readonly number[];
}

const optionNames: OptionNames<TokenClassificationOptions> = { classWeights: 'optional' };

/**
 * Classification of tokens by cross-entropy, encoder and classifier trained together. Metric `accuracy`: share of the
 * labelled tokens whose label has the highest score.
 *
 * Tokens of -100 or -1 count in neither. A label beyond the model's classes, or a batch without any label, makes the loss
 * NaN, so that the Trainer stops.
 */
export class TokenClassification implements Method<TokenClassificationBatch> {
  readonly name = 'token-classification';
  readonly settings: RunConfig;
  readonly modules: { readonly model: TextForTokenClassification };
  private readonly classWeights: readonly number[] | undefined;

  /** @throws InvalidOptionError for weights that are not one positive number for each class */
  constructor(model: TextForTokenClassification, options: TokenClassificationOptions = {}) {
    const where = 'TokenClassification';
    const { classWeights } = checkOptions(where, options, optionNames);
    if (classWeights !== undefined)
      this.classWeights = checkClassWeights(where, 'classWeights', classWeights, model.numLabels);
    this.settings = this.classWeights === undefined ? {} : { classWeights: this.classWeights };
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<TokenClassificationBatch>, ctx: ForwardContext): MethodLoss {
    const { model } = this.modules;
    const logits = tf.reshape(model.forward(batch, ctx), [-1, model.numLabels]) as tf.Tensor2D;
    const labels = tf.reshape(batch.labels as tf.Tensor, [-1]) as tf.Tensor1D;
    const ones = tf.ones(labels.shape) as tf.Tensor1D;
    const weights = classWeighted(ones, labels, this.classWeights);
    return {
      loss: maskedTokenCrossEntropy(logits, labels, { weights }),
      weight: tf.sum(labelledWeights(weights, labels)),
      metrics: { accuracy: weightedMean(labelHits(logits, labels), labelledWeights(ones, labels)) },
    };
  }
}
