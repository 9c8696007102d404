import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { type ForwardContext, type Parameter, parametersOf } from '@selfsup/ssl-nn';
import { checkChoice, checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import type { MlmBatch } from '../data/mlm-loader.js';
import type { SentencePairTask } from '../data/sentence-pairs.js';
import type { PairScorer } from '../heads/sentence-pair-head.js';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

/** Options of {@link SentencePairPrediction}. */
export interface SentencePairPredictionOptions {
  /** What `sentencePairs` of the loader draws; it changes nothing that is computed, but a run does not resume as another. */
  readonly task?: SentencePairTask;
}

const optionNames: OptionNames<SentencePairPredictionOptions> = { task: 'optional' };

/** The task of {@link SentencePairPrediction}: BERT's (arXiv:1810.04805, section 3.1). */
export const sentencePairPredictionDefaults = {
  task: 'next-sentence',
} as const satisfies Required<SentencePairPredictionOptions>;

/**
 * Next-sentence prediction (BERT) or sentence-order prediction (ALBERT) beside masked-language modelling: which words are
 * masked, and whether the second text of a row is the one that follows the first, or the two are in their order.
 *
 * `loss = mean over the masked positions of -log p(token) + mean over the rows of -log p(pair)`, in nats. Metrics:
 * `mlmLoss`, `maskedAccuracy`, `pairLoss`, `pairAccuracy`. The batches are those of an `MlmLoader` of `sentencePairs`. An
 * update of several batches counts each by its masked tokens.
 *
 * Source: Devlin et al. 2018, arXiv:1810.04805; Lan et al. 2019, arXiv:1909.11942; `BertForPreTraining` of transformers.
 */
export class SentencePairPrediction implements Method<MlmBatch> {
  readonly name = 'sentence-pair-prediction';
  readonly settings: RunConfig;
  readonly modules: { readonly model: PairScorer };

  /** @throws InvalidOptionError for an unknown task, and a model that has no scores of pairs */
  constructor(model: PairScorer, options: SentencePairPredictionOptions = {}) {
    const where = 'SentencePairPrediction';
    const { task } = { ...sentencePairPredictionDefaults, ...checkOptions(where, options, optionNames) };
    checkChoice(where, 'task', task, ['next-sentence', 'sentence-order']);
    if (typeof (model as Partial<PairScorer> | null)?.pairScores !== 'function') {
      const advice = 'Such as new BertForPreTraining(config, { key }), or new TextForPreTraining(maskedLm, { key })';
      throw new InvalidOptionError(where, 'model', 'a model with scores of pairs', model, advice);
    }
    this.settings = { task };
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws InvalidOptionError for batches in which nothing is to be told of the rows */
  loss(batch: Tensors<MlmBatch>, ctx: ForwardContext): MethodLoss {
    const { maskedPositions, pairLabels } = batch;
    if (pairLabels === undefined) {
      const advice = 'Give the loader some: new MlmLoader({ dataset: sentencePairs({ pairs, task, key }), ... })';
      const where = 'SentencePairPrediction';
      throw new InvalidOptionError(where, 'batch.pairLabels', 'what is to be told of each row', undefined, advice);
    }
    const { tokens, pairs } = this.modules.model.pairScores(batch, maskedPositions, ctx);
    const weights = batch.maskedWeights as tf.Tensor1D;
    const labels = batch.maskedLabels as tf.Tensor1D;
    const counted = labelledWeights(weights, labels);
    const rows = labelledWeights(tf.onesLike(tf.cast(pairLabels, 'float32')), pairLabels);
    const mlmLoss = maskedTokenCrossEntropy(tokens, labels, { weights });
    const pairLoss = maskedTokenCrossEntropy(pairs, pairLabels as tf.Tensor1D);
    return {
      loss: tf.add(mlmLoss, pairLoss),
      weight: tf.sum(counted),
      metrics: {
        mlmLoss,
        maskedAccuracy: weightedMean(labelHits(tokens, labels), counted),
        pairLoss,
        pairAccuracy: weightedMean(labelHits(pairs, pairLabels), rows),
      },
    };
  }
}
