import { maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { ClassificationBatch } from '../data/classification-loader.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

/**
 * Classification of sequences by cross-entropy, encoder and classifier trained together. Metric `accuracy`: share of the
 * labels with the highest score.
 *
 * Sequences of -1, 'no label', count in neither. A label beyond the model's classes, or a batch without any label, makes the
 * loss NaN, so that the Trainer stops.
 */
export class SequenceClassification implements Method<ClassificationBatch> {
  readonly name = 'sequence-classification';
  readonly settings: RunConfig = {};
  readonly modules: { readonly model: SequenceClassifierModel };

  constructor(model: SequenceClassifierModel) {
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<ClassificationBatch>, ctx: ForwardContext): MethodLoss {
    const logits = this.modules.model.forward(batch, ctx);
    const weights = batch.weights as tf.Tensor1D;
    const labels = batch.labels as tf.Tensor1D;
    const counted = labelledWeights(weights, labels);
    return {
      loss: maskedTokenCrossEntropy(logits, labels, { weights }),
      weight: tf.sum(counted),
      metrics: { accuracy: weightedMean(labelHits(logits, labels), counted) },
    };
  }
}
