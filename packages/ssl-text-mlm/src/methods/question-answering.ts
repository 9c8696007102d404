import { maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { PaddedRows } from '../data/pad-rows.js';
import type { TextForQuestionAnswering } from '../heads/text-for-question-answering.js';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

/** A batch of questions with texts, and where the answers stand. */
export interface QuestionAnsweringBatch extends PaddedRows {
  /** `[batch]`, token with which the answer begins; 0, the first one, where there is no answer; -100 or -1 = not known. */
  readonly startPositions: NdArray<Int32Array>;
  /** `[batch]`, token with which the answer ends, itself of the answer. */
  readonly endPositions: NdArray<Int32Array>;
}

/**
 * Extractive question answering: the mean of the cross-entropies of an answer's first and last token over all tokens of the
 * row. Metric `exactMatch`: share of the answers of which both have the highest score.
 *
 * Padding takes part in the softmax, as in transformers. A place beyond the row, or a batch without any answer, makes the
 * loss NaN, so that the Trainer stops.
 *
 * Source: Devlin et al. 2018, arXiv:1810.04805, section 4.2; Rajpurkar et al. 2018 (SQuAD 2.0), arXiv:1806.03822, for
 * questions without answer.
 */
export class QuestionAnswering implements Method<QuestionAnsweringBatch> {
  readonly name = 'question-answering';
  readonly settings: RunConfig = {};
  readonly modules: { readonly model: TextForQuestionAnswering };

  constructor(model: TextForQuestionAnswering) {
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<QuestionAnsweringBatch>, ctx: ForwardContext): MethodLoss {
    const { start, end } = this.modules.model.forward(batch, ctx);
    const [starts, ends] = [batch.startPositions as tf.Tensor1D, batch.endPositions as tf.Tensor1D];
    const counted = labelledWeights(labelledWeights(tf.ones(starts.shape), starts), ends);
    const both = tf.mul(labelHits(start, starts), labelHits(end, ends));
    const first = maskedTokenCrossEntropy(start, starts, { weights: counted });
    const last = maskedTokenCrossEntropy(end, ends, { weights: counted });
    return {
      loss: tf.mul(tf.add(first, last), 0.5) as tf.Scalar,
      weight: tf.sum(counted),
      metrics: { exactMatch: weightedMean(both, counted) },
    };
  }
}
