import * as tf from '@tensorflow/tfjs-core';
import {
  checkAscending,
  checkParameterName,
  childContext,
  evaluation,
  type ForwardContext,
  type Linear,
  Module,
  type StateEntries,
  type TokenOptions,
  type Tokens,
} from '@selfsup/ssl-nn';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import { attentionMaskOf } from '../models/attention-masks.js';
import type { TextModel } from '../models/text-model.js';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import { BertEmbeddings } from './bert-embeddings.js';
import type { BertInputs } from './bert-inputs.js';
import { BertLayer, bertLinear } from './bert-layer.js';
import { ignoreBelow, ignoreNextSentence } from './other-bert-names.js';

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

/** Options of {@link BertModel.encode}: texts are masked and shortened by their ids. */
export type BertTokenOptions = Pick<TokenOptions, 'blocks'>;

const bertTokenOptionNames: OptionNames<BertTokenOptions> = { blocks: 'optional' };

/**
 * BERT encoder: post-norm transformer with exact GELU.
 *
 * State names and shapes are those of Hugging Face's `BertModel`, so its safetensors files load here and ours there.
 * Source: Devlin et al. 2018, arXiv:1810.04805.
 */
export class BertModel extends Module implements TextModel {
  static override readonly fieldNames = { layers: 'encoder.layer', poolerDense: 'pooler.dense' };
  readonly baseName = 'bert';
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

  get tokenDim(): number {
    return this.config.hiddenSize;
  }

  get depth(): number {
    return this.layers.length;
  }

  get layerCount(): number {
    return this.depth + 2;
  }

  /** As {@link Layered} says: embeddings 0, layers 1 to n, the pooler last. */
  layerOf(name: string): number {
    checkParameterName('BertModel.layerOf', this, name);
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) return Number(layer) + 1;
    return name.startsWith('pooler.') ? this.layerCount - 1 : 0;
  }

  /**
   * Tokens after chosen layers, as Hugging Face's `hidden_states`. There is no prefix: `[CLS]` is in the text.
   *
   * @throws ShapeError as {@link forward}; InvalidOptionError for layers that are not there or do not ascend
   */
  encode(inputs: BertInputs, ctx: ForwardContext = evaluation, options: BertTokenOptions = {}): Tokens {
    const { blocks: wanted = [this.depth] } = checkOptions('BertModel.encode', options, bertTokenOptionNames);
    checkAscending('BertModel.encode', 'blocks', wanted, 0, this.depth);
    const states = this.run(inputs, ctx, wanted);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const blocks = states.map((state) => tf.reshape(state, [batch, tokens, this.tokenDim]) as tf.Tensor3D);
    return { tokens: blocks.at(-1)!, blocks, prefix: 0, grid: [tokens] };
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
    return this.run(inputs, ctx, [this.depth], rows)[0]!;
  }

  /** Rows after the wanted layers, 0 for the embeddings'. */
  private run(inputs: BertInputs, ctx: ForwardContext, wanted: readonly number[], rows?: tf.Tensor1D): tf.Tensor2D[] {
    let x = this.embeddings.forward(inputs, childContext(ctx, 'embeddings'));
    const states = wanted[0] === 0 ? [x] : [];
    const batch = inputs.inputIds.shape[0]!;
    const mask = attentionMaskOf(inputs);
    this.layers.slice(0, wanted.at(-1)).forEach((layer, index) => {
      const isLast = index === this.layers.length - 1;
      x = layer.forward(x, batch, mask, childContext(ctx, index), isLast ? rows : undefined);
      if (wanted.includes(index + 1)) states.push(x);
    });
    return states;
  }

  /** A pooler of the file that this model does not have, or a next-sentence head, is reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    if (this.poolerDense === undefined) ignoreBelow(state, 'pooler.', 'the pooler, which this model does not have');
    ignoreNextSentence(state);
  }
}
