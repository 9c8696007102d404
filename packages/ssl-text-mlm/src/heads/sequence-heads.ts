import { childContext, type ForwardContext, type Linear, Module } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import { bertDropout } from '../bert/bert-dropout.js';
import type { DebertaConfig } from '../deberta/deberta-config.js';
import { DebertaSequenceHead } from '../deberta/deberta-sequence-head.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import type { TextModel } from '../models/text-model.js';

/** Sizes of a head on pooled tokens. */
export interface SequenceHeadSizes {
  readonly hiddenSize: number;
  readonly numLabels: number;
  readonly initializerRange: number;
  readonly dropout: number;
}

/** What makes scores of the pooled tokens of a text. */
export interface SequenceHead extends Module {
  /** `[batch, hidden]` to `[batch, numLabels]`. */
  forward(pooled: tf.Tensor2D, ctx: ForwardContext): tf.Tensor2D;
}

/** One linear layer, as BERT has it after its pooler. */
class LinearHead extends Module implements SequenceHead {
  readonly classifier: Linear;
  private readonly dropout: number;

  constructor(sizes: SequenceHeadSizes, key: RandomKey) {
    super();
    this.dropout = sizes.dropout;
    this.classifier = gaussianLinear(sizes.hiddenSize, sizes.numLabels, sizes, foldIn(key, 'classifier'));
  }

  forward(pooled: tf.Tensor2D, ctx: ForwardContext): tf.Tensor2D {
    return this.classifier.forward(bertDropout(pooled, this.dropout, childContext(ctx, 'classifier')));
  }
}

/** Two linear layers; families differ in names, activation, and in whether the input is dropped from too. */
abstract class DenseHead extends Module implements SequenceHead {
  readonly dense: Linear;
  readonly output: Linear;
  private readonly dropout: number;

  constructor(sizes: SequenceHeadSizes, key: RandomKey) {
    super();
    const { hiddenSize, numLabels, dropout } = sizes;
    this.dropout = dropout;
    this.dense = gaussianLinear(hiddenSize, hiddenSize, sizes, foldIn(key, 'dense'));
    this.output = gaussianLinear(hiddenSize, numLabels, sizes, foldIn(key, 'classifier'));
  }

  protected abstract activate(x: tf.Tensor2D): tf.Tensor2D;
  protected abstract readonly dropsInput: boolean;

  forward(pooled: tf.Tensor2D, ctx: ForwardContext): tf.Tensor2D {
    const input = this.dropsInput ? bertDropout(pooled, this.dropout, childContext(ctx, 'dense')) : pooled;
    const hidden = this.activate(this.dense.forward(input));
    return this.output.forward(bertDropout(hidden, this.dropout, childContext(ctx, 'classifier')));
  }
}

const twoLayerNames = { dense: 'classifier.dense', output: 'classifier.out_proj' };

/** transformers' `RobertaClassificationHead`. */
class RobertaHead extends DenseHead {
  static override readonly fieldNames = twoLayerNames;
  protected readonly dropsInput = true;

  protected activate(x: tf.Tensor2D): tf.Tensor2D {
    return tf.tanh(x);
  }
}

/** transformers' `ElectraClassificationHead`. */
class ElectraHead extends DenseHead {
  static override readonly fieldNames = twoLayerNames;
  protected readonly dropsInput = true;

  protected activate(x: tf.Tensor2D): tf.Tensor2D {
    return gelu(x);
  }
}

/** The head of transformers' `DistilBertForSequenceClassification`. */
class DistilBertHead extends DenseHead {
  static override readonly fieldNames = { dense: 'pre_classifier', output: 'classifier' };
  protected readonly dropsInput = false;

  protected activate(x: tf.Tensor2D): tf.Tensor2D {
    return tf.relu(x);
  }
}

/** Makes a head of an encoder. */
export type SequenceHeadMaker = (sizes: SequenceHeadSizes, key: RandomKey, encoder: TextModel) => SequenceHead;

/** Heads on the first token of families that have one of their own, by `baseName`. */
export const sequenceHeads: ReadonlyMap<string, SequenceHeadMaker> = new Map<string, SequenceHeadMaker>([
  ['roberta', (sizes, key) => new RobertaHead(sizes, key)],
  ['electra', (sizes, key) => new ElectraHead(sizes, key)],
  ['distilbert', (sizes, key) => new DistilBertHead(sizes, key)],
  ['deberta', (sizes, key, { config }) => new DebertaSequenceHead(sizes, config as DebertaConfig, key)],
]);

/** The head of the families that have none of their own. */
export const linearHead: SequenceHeadMaker = (sizes, key) => new LinearHead(sizes, key);
