import * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, Module, type ForwardContext, type Linear, type StateEntries } from '@selfsup/ssl-nn';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { BertEmbeddings } from './bert-embeddings.js';
import type { BertInputs } from './bert-inputs.js';
import { BertLayer, bertLinear } from './bert-layer.js';
import { ignoreBelow, ignoreNextSentence } from './other-bert-names.js';

/** Added to the attention scores of padding: its weight becomes exactly 0 in float32. */
const paddingScore = -1e9;

/** Options of {@link BertModel}. */
export interface BertModelOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  /** With the `[CLS]` pooler. Default false. */
  readonly pooler?: boolean;
}

const bertModelOptionNames: OptionNames<BertModelOptions> = {
  key: 'requiredKey',
  pooler: 'optionalFlag',
};

/**
 * BERT encoder: post-norm transformer with exact GELU.
 *
 * State names and shapes are those of Hugging Face's `BertModel`, so its safetensors files load here and ours there.
 * Source: Devlin et al. 2018, arXiv:1810.04805.
 */
export class BertModel extends Module {
  static override readonly fieldNames = { layers: 'encoder.layer', poolerDense: 'pooler.dense' };
  readonly config: BertConfig;
  readonly embeddings: BertEmbeddings;
  readonly layers: readonly BertLayer[];
  readonly poolerDense?: Linear;

  constructor(config: BertConfig, options: BertModelOptions) {
    super();
    checkOptions('BertModel', options, bertModelOptionNames);
    checkOptions('BertModel', config, bertConfigNames, 'config');
    const { key, pooler = false } = options;
    this.config = config;
    this.embeddings = new BertEmbeddings(config, foldIn(key, 'embeddings'));
    this.layers = Array.from(
      { length: config.numHiddenLayers },
      (_, index) => new BertLayer(config, foldIn(foldIn(key, 'layer'), index)),
    );
    if (pooler) this.poolerDense = bertLinear(config.hiddenSize, config.hiddenSize, config, foldIn(key, 'pooler'));
  }

  /**
   * @returns the last layer's output, `[batch, tokens, hidden]`
   * @throws ShapeError if the inputs are not `[batch, tokens]` or too long
   */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const rows = this.forwardFlat(inputs, ctx);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    return tf.reshape(rows, [batch, tokens, this.config.hiddenSize]);
  }

  /**
   * As {@link forward}, as rows.
   *
   * @param rows int32 `[n]`, flat indices into `batch * tokens`: the last layer then computes these alone, which spares
   *   most of it where few are wanted. Default: all
   * @returns `[n, hidden]`, by default `[batch * tokens, hidden]`
   */
  forwardFlat(inputs: BertInputs, ctx: ForwardContext = evaluation, rows?: tf.Tensor1D): tf.Tensor2D {
    let x = this.embeddings.forward(inputs, childContext(ctx, 'embeddings'));
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const mask =
      inputs.attentionMask === undefined
        ? undefined
        : tf.mul(tf.sub(1, tf.cast(tf.reshape(inputs.attentionMask, [batch, 1, 1, tokens]), 'float32')), paddingScore);
    this.layers.forEach((layer, index) => {
      const isLast = index === this.layers.length - 1;
      x = layer.forward(x, batch, mask, childContext(ctx, index), isLast ? rows : undefined);
    });
    return x;
  }

  /** A pooler of the file that this model does not have, or a next-sentence head, is reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    if (this.poolerDense === undefined) ignoreBelow(state, 'pooler.', 'the pooler, which this model does not have');
    ignoreNextSentence(state);
  }
}
