import { binaryCrossEntropy } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkOptions, type NdArray, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { PaddedRows } from '../data/pad-rows.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { checkClassWeights } from './class-weights.js';
import { labelledWeights } from './labelled-weights.js';
import { weightedMean } from './weighted-mean.js';

/** A batch of texts, each with a bit for every label. */
export interface MultiLabelBatch extends PaddedRows {
  /** `[batch, numLabels]`, 1 = has the label, 0 = has not, -100 or -1 = nobody knows. */
  readonly labels: NdArray<Float32Array>;
  /** `[batch]`, 1 = text, 0 = row that only fills the batch. */
  readonly weights: NdArray<Float32Array>;
}

/** Options of {@link MultiLabelClassification}. */
export interface MultiLabelClassificationOptions {
  /** Weight of each label where a text has it, `numLabels` of them: PyTorch's `pos_weight`. Default: all 1. */
  readonly positiveWeights?: readonly number[];
}

const optionNames: OptionNames<MultiLabelClassificationOptions> = { positiveWeights: 'optional' };

/**
 * Several labels of a text at once, each by binary cross-entropy: the mean over the known bits. Metric `bitAccuracy`: share
 * of the known bits whose score is on their side of 0.
 *
 * A batch without any known bit, and a bit that is none of 0, 1 and between, make the loss NaN, so that the Trainer stops.
 *
 * As transformers' models with `problem_type` `multi_label_classification`.
 */
export class MultiLabelClassification implements Method<MultiLabelBatch> {
  readonly name = 'multi-label-classification';
  readonly settings: RunConfig;
  readonly modules: { readonly model: SequenceClassifierModel };
  private readonly positiveWeights: readonly number[] | undefined;

  /** @throws InvalidOptionError for weights that are not one positive number for each label */
  constructor(model: SequenceClassifierModel, options: MultiLabelClassificationOptions = {}) {
    const where = 'MultiLabelClassification';
    const { positiveWeights } = checkOptions(where, options, optionNames);
    if (positiveWeights !== undefined)
      this.positiveWeights = checkClassWeights(where, 'positiveWeights', positiveWeights, model.numLabels);
    this.settings = this.positiveWeights === undefined ? {} : { positiveWeights: this.positiveWeights };
    this.modules = { model };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<MultiLabelBatch>, ctx: ForwardContext): MethodLoss {
    const logits = this.modules.model.forward(batch, ctx);
    const bits = batch.labels as tf.Tensor2D;
    const rows = tf.reshape(batch.weights as tf.Tensor, [-1, 1]);
    // Rows that only fill the batch have no bit that is known.
    const known = tf.sub(tf.mul(tf.add(bits, 1), tf.cast(tf.greater(rows, 0), 'float32')), 1);
    const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, 1]);
    const losses = binaryCrossEntropy(flat(logits), flat(known), { reduction: 'none' });
    const counted = labelledWeights(tf.reshape(tf.mul(tf.onesLike(bits), rows), [-1]), tf.reshape(known, [-1]));
    const shares = this.positiveWeights === undefined ? counted : this.weighted(counted, bits);
    const right = tf.cast(tf.equal(tf.greater(logits, 0), tf.greater(bits, 0.5)), 'float32');
    const weight = tf.sum(counted) as tf.Scalar;
    return {
      loss: tf.div(tf.sum(tf.mul(losses, shares)), weight) as tf.Scalar,
      weight,
      metrics: { bitAccuracy: weightedMean(tf.reshape(right, [-1]), counted) },
    };
  }

  private weighted(counted: tf.Tensor1D, bits: tf.Tensor2D): tf.Tensor1D {
    const extra = tf.sub(tf.tensor1d([...this.positiveWeights!], 'float32'), 1);
    return tf.mul(counted, tf.reshape(tf.add(tf.mul(bits, extra), 1), [-1])) as tf.Tensor1D;
  }
}
