import * as tf from '@tensorflow/tfjs-core';
import {
  checkAscending,
  checkParameterName,
  childContext,
  type Embedding,
  evaluation,
  type ForwardContext,
  Module,
  type Tokens,
} from '@selfsup/ssl-nn';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { BertEmbeddings } from '../bert/bert-embeddings.js';
import type { BertInputs } from '../bert/bert-inputs.js';
import { attentionMaskOf } from './attention-masks.js';
import type { PostNormLayer } from './post-norm-layer.js';
import type { TextModel, TextModelConfig, TextTokenOptions } from './text-model.js';

const tokenOptionNames: OptionNames<TextTokenOptions> = { blocks: 'optional' };

/** An encoder of BERT's shape: embeddings, then layers that normalise after each sum. Families differ in the embeddings. */
export abstract class PostNormEncoder extends Module implements TextModel {
  abstract readonly baseName: string;
  abstract readonly config: TextModelConfig;
  abstract readonly embeddings: BertEmbeddings;
  abstract readonly layers: readonly PostNormLayer[];

  /** @returns what enters the first layer, `[batch * tokens, hidden]` */
  protected embed(inputs: BertInputs, ctx: ForwardContext): tf.Tensor2D {
    return this.embeddings.forward(inputs, ctx);
  }

  get readsInputsEmbeds(): boolean {
    return true;
  }

  get wordEmbeddings(): Embedding {
    return this.embeddings.wordEmbeddings;
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
    checkParameterName(`${this.constructor.name}.layerOf`, this, name);
    const layer = /(?:^|\.)layer\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) return Number(layer) + 1;
    return name.startsWith('pooler.') ? this.layerCount - 1 : 0;
  }

  /**
   * Tokens after chosen layers, as Hugging Face's `hidden_states`. There is no prefix: `[CLS]` is in the text.
   *
   * @throws ShapeError as {@link forward}; InvalidOptionError for layers that are not there or do not ascend
   */
  encode(inputs: BertInputs, ctx: ForwardContext = evaluation, options: TextTokenOptions = {}): Tokens {
    const where = `${this.constructor.name}.encode`;
    const { blocks: wanted = [this.depth] } = checkOptions(where, options, tokenOptionNames);
    checkAscending(where, 'blocks', wanted, 0, this.depth);
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
    let x = this.embed(inputs, childContext(ctx, 'embeddings'));
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
}
