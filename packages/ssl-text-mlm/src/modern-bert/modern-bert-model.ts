import * as tf from '@tensorflow/tfjs-core';
import {
  checkAscending,
  checkParameterName,
  childContext,
  type Embedding,
  evaluation,
  type ForwardContext,
  type LayerNorm,
  Module,
  RotaryPositions,
  type TokenOptions,
  type Tokens,
} from '@selfsup/ssl-nn';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import { attentionMaskOf, windowMaskOf } from '../models/attention-masks.js';
import type { TextModel } from '../models/text-model.js';
import type { ModernBertPlaces } from './modern-bert-attention.js';
import { modernBertConfigNames, type ModernBertConfig, type ModernBertLayerType } from './modern-bert-config.js';
import { ModernBertEmbeddings } from './modern-bert-embeddings.js';
import type { ModernBertInputs } from './modern-bert-inputs.js';
import { ModernBertLayer } from './modern-bert-layer.js';
import { modernBertNorm } from './modern-bert-parts.js';

/** Options of {@link ModernBertModel}. */
export interface ModernBertModelOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
}

const modernBertModelOptionNames: OptionNames<ModernBertModelOptions> = { key: 'requiredKey' };

/** Options of {@link ModernBertModel.encode}: texts are masked and shortened by their ids. */
export type ModernBertTokenOptions = Pick<TokenOptions, 'blocks' | 'norm'>;

const modernBertTokenOptionNames: OptionNames<ModernBertTokenOptions> = { blocks: 'optional', norm: 'optionalFlag' };

/**
 * ModernBERT encoder: pre-norm transformer with rotary positions and GeGLU, whose layers attend to the whole text and to
 * windows in turn.
 *
 * State names and shapes are those of transformers' `ModernBertModel`, so its safetensors files load here and ours there.
 * Source: Warner et al. 2024, arXiv:2412.13663.
 */
export class ModernBertModel extends Module implements TextModel {
  static override readonly fieldNames = { finalNorm: 'final_norm' };
  readonly baseName = 'model';
  readonly config: ModernBertConfig;
  readonly embeddings: ModernBertEmbeddings;
  readonly layers: readonly ModernBertLayer[];
  readonly finalNorm: LayerNorm;

  constructor(config: ModernBertConfig, options: ModernBertModelOptions) {
    super();
    const { key } = checkOptions('ModernBertModel', options, modernBertModelOptionNames);
    checkOptions('ModernBertModel', config, modernBertConfigNames, 'config');
    this.config = config;
    this.embeddings = new ModernBertEmbeddings(config, foldIn(key, 'embeddings'));
    this.layers = config.layerTypes.map(
      (_, index) => new ModernBertLayer(config, index, foldIn(foldIn(key, 'layer'), index)),
    );
    this.finalNorm = modernBertNorm(config);
  }

  get readsInputsEmbeds(): boolean {
    return true;
  }

  get wordEmbeddings(): Embedding {
    return this.embeddings.tokenEmbeddings;
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

  /** As `Layered` says: embeddings 0, layers 1 to n, the final norm last. */
  layerOf(name: string): number {
    checkParameterName('ModernBertModel.layerOf', this, name);
    const layer = /^layers\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) return Number(layer) + 1;
    return name.startsWith('final_norm.') ? this.layerCount - 1 : 0;
  }

  /**
   * Tokens after chosen layers; with `norm: false` transformers' `hidden_states`, whose last one alone is normed. There is
   * no prefix: `[CLS]` is in the text.
   *
   * @throws ShapeError as {@link forward}; InvalidOptionError for layers that are not there or do not ascend
   */
  encode(inputs: ModernBertInputs, ctx: ForwardContext = evaluation, options: ModernBertTokenOptions = {}): Tokens {
    const where = 'ModernBertModel.encode';
    const { blocks: wanted = [this.depth], norm = true } = checkOptions(where, options, modernBertTokenOptionNames);
    checkAscending(where, 'blocks', wanted, 0, this.depth);
    const states = this.run(inputs, ctx, wanted);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const blocks = states.map((state) => {
      const outcome = norm ? this.finalNorm.forward(state) : state;
      return tf.reshape(outcome, [batch, tokens, this.tokenDim]) as tf.Tensor3D;
    });
    return { tokens: blocks.at(-1)!, blocks, prefix: 0, grid: [tokens] };
  }

  /**
   * @returns the normed output of the last layer, `[batch, tokens, hidden]`
   * @throws ShapeError if the inputs are not `[batch, tokens]` or too long
   */
  forward(inputs: ModernBertInputs, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const rows = this.forwardFlat(inputs, ctx);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    return tf.reshape(rows, [batch, tokens, this.tokenDim]);
  }

  /**
   * As {@link forward}, as rows.
   *
   * @param rows int32 `[n]`, flat indices into `batch * tokens`: the last layer then computes these alone after its
   *   attention. Default: all
   * @returns `[n, hidden]`, by default `[batch * tokens, hidden]`
   */
  forwardFlat(inputs: ModernBertInputs, ctx: ForwardContext = evaluation, rows?: tf.Tensor1D): tf.Tensor2D {
    return this.finalNorm.forward(this.run(inputs, ctx, [this.depth], rows)[0]!);
  }

  /** Rows after the wanted layers, 0 for the embeddings', before the final norm. */
  private run(
    inputs: ModernBertInputs,
    ctx: ForwardContext,
    wanted: readonly number[],
    rows?: tf.Tensor1D,
  ): tf.Tensor2D[] {
    let x = this.embeddings.forward(inputs, childContext(ctx, 'embeddings'));
    const states = wanted[0] === 0 ? [x] : [];
    const last = wanted.at(-1)!;
    const places = this.places(inputs, this.config.layerTypes.slice(0, last));
    const batch = inputs.inputIds.shape[0]!;
    this.layers.slice(0, last).forEach((layer, index) => {
      const isLast = index === this.layers.length - 1;
      const own = places.get(this.config.layerTypes[index]!)!;
      x = layer.forward(x, batch, own, childContext(ctx, index), isLast ? rows : undefined);
      if (wanted.includes(index + 1)) states.push(x);
    });
    return states;
  }

  /** Masks and rotary tables of the kinds of layers that come, made once for all of a kind. */
  private places(
    inputs: ModernBertInputs,
    kinds: readonly ModernBertLayerType[],
  ): ReadonlyMap<ModernBertLayerType, ModernBertPlaces> {
    const { config } = this;
    const tokens = inputs.inputIds.shape[1]!;
    const mask = attentionMaskOf(inputs);
    const made = [...new Set(kinds)].map((kind): [ModernBertLayerType, ModernBertPlaces] => {
      const isFull = kind === 'full_attention';
      const base = isFull ? config.globalRopeTheta : config.localRopeTheta;
      const positions = new RotaryPositions(config.hiddenSize / config.numAttentionHeads, { base });
      const rotary = inputs.positionIds === undefined ? positions.line(tokens) : positions.at(inputs.positionIds);
      const reach = Math.floor(config.localAttention / 2);
      return [kind, { rotary, mask: isFull ? mask : windowMaskOf(mask, tokens, reach) }];
    });
    return new Map(made);
  }
}
