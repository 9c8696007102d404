import { maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { MlmBatch } from '../data/mlm-loader.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

/**
 * Masked-language modelling: predict the hidden tokens from the rest.
 *
 * `loss = mean over the masked positions of -log p(token)`, in nats. Metric `maskedAccuracy`: share of the masked
 * tokens that get the highest score. A batch without masked tokens has the loss NaN; `MlmLoader` makes none.
 *
 * Source: Devlin et al. 2018, arXiv:1810.04805.
 */
export class MaskedLanguageModelling implements Method<MlmBatch> {
  readonly name = 'masked-language-modelling';
  readonly settings: RunConfig = {};
  readonly modules: { readonly model: MaskedLmModel };

  constructor(model: MaskedLmModel) {
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<MlmBatch>, ctx: ForwardContext): MethodLoss {
    const logits = this.modules.model.forward(batch, batch.maskedPositions, ctx);
    const weights = batch.maskedWeights as tf.Tensor1D;
    const labels = batch.maskedLabels as tf.Tensor1D;
    const counted = labelledWeights(weights, labels);
    return {
      loss: maskedTokenCrossEntropy(logits, labels, { weights }),
      weight: tf.sum(counted),
      metrics: { maskedAccuracy: weightedMean(labelHits(logits, labels), counted) },
    };
  }
}
