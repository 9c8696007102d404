import { maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { ClassificationBatch } from '../data/classification-loader.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { checkClassWeights, classWeighted } from './class-weights.js';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

/** Options of {@link SequenceClassification}. */
export interface SequenceClassificationOptions {
  /** Weight of each class in the loss, `numLabels` of them. Default: all 1. */
  readonly classWeights?: readonly number[];
}

const optionNames: OptionNames<SequenceClassificationOptions> = { classWeights: 'optional' };

/**
 * Classification of sequences, or pairs of them, by cross-entropy, encoder and classifier trained together. Metric `accuracy`: share of the
 * labels with the highest score.
 *
 * Sequences of -1, 'no label', count in neither. A label beyond the model's classes, or a batch without any label, makes the
 * loss NaN, so that the Trainer stops.
 */
export class SequenceClassification implements Method<ClassificationBatch> {
  readonly name = 'sequence-classification';
  readonly settings: RunConfig;
  readonly modules: { readonly model: SequenceClassifierModel };

  private readonly classWeights: readonly number[] | undefined;

  /** @throws InvalidOptionError for weights that are not one positive number for each class */
  constructor(model: SequenceClassifierModel, options: SequenceClassificationOptions = {}) {
    const where = 'SequenceClassification';
    const { classWeights } = checkOptions(where, options, optionNames);
    if (classWeights !== undefined)
      this.classWeights = checkClassWeights(where, 'classWeights', classWeights, model.numLabels);
    this.settings = this.classWeights === undefined ? {} : { classWeights: this.classWeights };
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<ClassificationBatch>, ctx: ForwardContext): MethodLoss {
    const logits = this.modules.model.forward(batch, ctx);
    const weights = batch.weights as tf.Tensor1D;
    const labels = batch.labels as tf.Tensor1D;
    const shares = classWeighted(weights, labels, this.classWeights);
    const counted = labelledWeights(weights, labels);
    return {
      loss: maskedTokenCrossEntropy(logits, labels, { weights: shares }),
      weight: tf.sum(labelledWeights(shares, labels)),
      metrics: { accuracy: weightedMean(labelHits(logits, labels), counted) },
    };
  }
}
