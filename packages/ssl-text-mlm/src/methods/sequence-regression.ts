import { meanSquaredError } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { PaddedRows } from '../data/pad-rows.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { weightedMean } from './weighted-mean.js';

/** A batch of texts with numbers to predict. */
export interface SequenceRegressionBatch extends PaddedRows {
  /** `[batch, numLabels]`. */
  readonly targets: NdArray<Float32Array>;
  /** `[batch]`, 1 = text, 0 = row that only fills the batch. */
  readonly weights: NdArray<Float32Array>;
}

/**
 * Numbers of a text or a pair, such as how alike two sentences are: the mean squared error. Metric `meanAbsoluteError`.
 *
 * A batch of rows that only fill it makes the loss NaN, so that the Trainer stops.
 *
 * As transformers' models with `problem_type` `regression`.
 */
export class SequenceRegression implements Method<SequenceRegressionBatch> {
  readonly name = 'sequence-regression';
  readonly settings: RunConfig = {};
  readonly modules: { readonly model: SequenceClassifierModel };

  constructor(model: SequenceClassifierModel) {
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<SequenceRegressionBatch>, ctx: ForwardContext): MethodLoss {
    const predicted = this.modules.model.forward(batch, ctx);
    const targets = batch.targets as tf.Tensor2D;
    const weights = batch.weights as tf.Tensor1D;
    return {
      loss: weightedMean(meanSquaredError(predicted, targets, { reduction: 'none' }), weights),
      weight: tf.sum(weights),
      metrics: { meanAbsoluteError: weightedMean(tf.mean(tf.abs(tf.sub(predicted, targets)), 1), weights) },
    };
  }
}
