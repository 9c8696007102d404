import * as tf from '@tensorflow/tfjs-core';
import {
  checkAscending,
  checkParameterName,
  childContext,
  Embedding,
  evaluation,
  type ForwardContext,
  type LayerNorm,
  Module,
  normal,
  type Tokens,
} from '@selfsup/ssl-nn';
import { takeRows } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn, InvalidOptionError, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import { type BertInputs, checkBertInputs } from '../bert/bert-inputs.js';
import type { TextModel, TextTokenOptions } from '../models/text-model.js';
import type { DebertaConfig } from './deberta-config.js';
import type { DebertaConvLayer } from './deberta-conv-layer.js';
import { DebertaEmbeddings } from './deberta-embeddings.js';
import { DebertaLayer, type DisentangledSelfAttention } from './deberta-layer.js';
import type { DebertaPass, RelativeStates } from './deberta-pass.js';
import { type RelativeReach, relativeRows } from './relative-positions.js';

/** Added to scores of padding. So low that beside it the scores themselves round to nothing: padding attends all alike. */
const paddingScore = -1e30;

/** Options of `DebertaModel` and `DebertaV2Model`. */
export interface DebertaModelOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  /**
   * Keep a table of absolute positions also where they are not added to the embeddings: for the enhanced mask decoder.
   * Default false.
   */
  readonly absolutePositions?: boolean;
}

/** Names of {@link DebertaModelOptions}. */
export const debertaModelOptionNames: OptionNames<DebertaModelOptions> = {
  key: 'requiredKey',
  absolutePositions: 'optionalFlag',
};

const encodeOptionNames: OptionNames<TextTokenOptions> = { blocks: 'optional' };

/** In what the versions of DeBERTa differ. */
export interface DebertaParts {
  readonly selfAttention: (key: RandomKey) => DisentangledSelfAttention;
  readonly reach: RelativeReach;
  /** Of the relative positions. */
  readonly relativeNorm?: LayerNorm;
  /** Beside the first layer. */
  readonly conv?: DebertaConvLayer;
}

/** What a pass begins with. */
interface Started {
  readonly x: tf.Tensor2D;
  readonly pass: DebertaPass;
  readonly kept: tf.Tensor2D | undefined;
}

/** The common part of `DebertaModel` and `DebertaV2Model`: a post-norm transformer with disentangled attention. */
export abstract class DebertaEncoder<C extends DebertaConfig> extends Module implements TextModel {
  static override readonly fieldNames = {
    layers: 'encoder.layer',
    relativeEmbeddings: 'encoder.rel_embeddings',
    relativeNorm: 'encoder.LayerNorm',
    conv: 'encoder.conv',
  };
  readonly baseName = 'deberta';
  abstract readonly modelType: 'deberta' | 'deberta-v2';
  readonly config: C;
  readonly embeddings: DebertaEmbeddings;
  readonly layers: readonly DebertaLayer[];
  /** `[2 * span, hidden]`, where attention has scores of relative positions. */
  readonly relativeEmbeddings?: Embedding;
  readonly relativeNorm?: LayerNorm;
  readonly conv?: DebertaConvLayer;
  private readonly reach: RelativeReach;

  protected constructor(config: C, { key, absolutePositions = false }: DebertaModelOptions, parts: DebertaParts) {
    super();
    this.config = config;
    this.reach = parts.reach;
    this.embeddings = new DebertaEmbeddings(config, absolutePositions, foldIn(key, 'embeddings'));
    this.layers = Array.from({ length: config.numHiddenLayers }, (_, index) => {
      const own = foldIn(foldIn(key, 'layer'), index);
      return new DebertaLayer(config, parts.selfAttention(foldIn(own, 'self')), own);
    });
    if (config.relativeAttention)
      this.relativeEmbeddings = new Embedding(2 * parts.reach.span, config.hiddenSize, {
        key: foldIn(key, 'relative'),
        weightInit: normal(config.initializerRange),
      });
    if (parts.relativeNorm !== undefined) this.relativeNorm = parts.relativeNorm;
    if (parts.conv !== undefined) this.conv = parts.conv;
  }

  get wordEmbeddings(): Embedding {
    return this.embeddings.wordEmbeddings;
  }

  get readsInputsEmbeds(): boolean {
    return true;
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

  /**
   * As `Layered` says: embeddings and relative positions 0, layers 1 to n, the convolution with the first one, which it
   * stands beside.
   */
  layerOf(name: string): number {
    checkParameterName(`${this.constructor.name}.layerOf`, this, name);
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) return Number(layer) + 1;
    return name.startsWith('encoder.conv.') ? 1 : 0;
  }

  /**
   * Tokens after chosen layers, as transformers' `hidden_states`. There is no prefix: `[CLS]` is in the text.
   *
   * @throws ShapeError as {@link forward}; InvalidOptionError for layers that are not there or do not ascend
   */
  encode(inputs: BertInputs, ctx: ForwardContext = evaluation, options: TextTokenOptions = {}): Tokens {
    const where = `${this.constructor.name}.encode`;
    const { blocks: wanted = [this.depth] } = checkOptions(where, options, encodeOptionNames);
    checkAscending(where, 'blocks', wanted, 0, this.depth);
    const started = this.start(inputs, ctx);
    const { batch, tokens } = started.pass;
    const states = this.run(started, ctx, wanted);
    const blocks = states.map((state) => tf.reshape(state, [batch, tokens, this.tokenDim]) as tf.Tensor3D);
    return { tokens: blocks.at(-1)!, blocks, prefix: 0, grid: [tokens] };
  }

  /**
   * @returns the last layer's output, `[batch, tokens, hidden]`
   * @throws ShapeError if the inputs are not `[batch, tokens]` or too long; InvalidOptionError for segments in a model with a
   *   convolution
   */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor3D {
    return this.encode(inputs, ctx).tokens;
  }

  /**
   * As {@link forward}, as rows.
   *
   * @param rows int32 `[n]`, flat indices into `batch * tokens`: the last layer then computes these alone, after the
   *   attention. Default: all
   * @returns `[n, hidden]`, by default `[batch * tokens, hidden]`
   */
  forwardFlat(inputs: BertInputs, ctx: ForwardContext = evaluation, rows?: tf.Tensor1D): tf.Tensor2D {
    return this.run(this.start(inputs, ctx), ctx, [this.depth], rows)[0]!;
  }

  /**
   * What the enhanced mask decoder gives to the head for masked tokens: the last layer twice, whose keys and values are what
   * entered it, and whose queries are first that and the absolute positions, then the result.
   *
   * Source: Microsoft's `EnhancedMaskDecoder.emd_context_layer` (microsoft/DeBERTa, apps/models/masked_language_model.py) and
   * arXiv:2006.03654, section 3.2. transformers leaves it out, so {@link forward} does too.
   *
   * @param rows as of {@link forwardFlat}
   * @returns `[n, hidden]`
   */
  decodeMasked(inputs: BertInputs, ctx: ForwardContext = evaluation, rows?: tf.Tensor1D): tf.Tensor2D {
    const started = this.start(inputs, ctx);
    const { batch, tokens } = started.pass;
    const x = this.run(started, ctx, [this.depth - 1])[0]!;
    const size = this.tokenDim;
    const placed = tf.add(tf.reshape(x, [batch, tokens, size]), this.embeddings.positions(inputs));
    const last = this.layers.at(-1)!;
    const first = last.forward(x, started.pass, childContext(ctx, 'decoder-0'), {
      queries: tf.reshape(placed, [batch * tokens, size]) as tf.Tensor2D,
    });
    return last.forward(x, started.pass, childContext(ctx, 'decoder-1'), { queries: first, rows });
  }

  private start(inputs: BertInputs, ctx: ForwardContext): Started {
    const { batch, tokens } = checkBertInputs(inputs, this.config.maxPositionEmbeddings, this.config.embeddingSize);
    if (inputs.segments !== undefined && this.conv !== undefined)
      throw new InvalidOptionError(
        `${this.constructor.name}.forward`,
        'inputs.segments',
        'left out for a model with a convolution, which would mix neighbouring texts',
        inputs.segments,
      );
    const given = inputs.attentionMask;
    const kept =
      given === undefined ? undefined : (tf.cast(tf.reshape(given, [given.size, 1]), 'float32') as tf.Tensor2D);
    const x = this.embeddings.forward(inputs, childContext(ctx, 'embeddings'), kept);
    const relative = this.relative(tokens);
    const pass = { batch, tokens, ...(relative === undefined ? {} : { relative }) };
    const mask = this.mask(inputs, kept);
    return { x, pass: { ...pass, ...(mask === undefined ? {} : { mask }) }, kept };
  }

  /** Where query and key are tokens, and of one text. */
  private mask({ inputIds, segments }: BertInputs, kept: tf.Tensor2D | undefined): tf.Tensor4D | undefined {
    const [batch, tokens] = inputIds.shape as [number, number];
    const [asking, asked] = [
      [1, batch, tokens, 1],
      [1, batch, 1, tokens],
    ] as const;
    const pairsOf = (of: tf.Tensor, join: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): tf.Tensor =>
      tf.cast(join(tf.reshape(of, [...asking]), tf.reshape(of, [...asked])), 'float32');
    const seen = [
      ...(kept === undefined ? [] : [pairsOf(kept, tf.mul)]),
      ...(segments === undefined ? [] : [pairsOf(segments, tf.equal)]),
    ];
    if (seen.length === 0) return undefined;
    const both = seen.reduce((a, b) => tf.mul(a, b));
    return tf.mul(tf.sub(1, both), paddingScore) as tf.Tensor4D;
  }

  private relative(tokens: number): RelativeStates | undefined {
    if (this.relativeEmbeddings === undefined || this.config.posAttType.length === 0) return undefined;
    const { first, count, descending, ascending } = relativeRows(tokens, this.reach);
    const table = this.relativeEmbeddings.weight.variable as tf.Tensor as tf.Tensor2D;
    const rows = tf.slice(table, [first, 0], [count, this.config.hiddenSize]);
    return {
      rows: this.relativeNorm?.forward(rows) ?? rows,
      descending: tf.tensor1d(descending, 'int32'),
      ascending: tf.tensor1d(ascending, 'int32'),
    };
  }

  /** Rows after the wanted layers, 0 for the embeddings'. */
  private run(
    { x: embedded, pass, kept }: Started,
    ctx: ForwardContext,
    wanted: readonly number[],
    rows?: tf.Tensor1D,
  ): tf.Tensor2D[] {
    let x = embedded;
    const states = wanted[0] === 0 ? [x] : [];
    this.layers.slice(0, wanted.at(-1)).forEach((layer, index) => {
      const own = childContext(ctx, index);
      const beside = index === 0 ? this.conv : undefined;
      const taken = index === this.layers.length - 1 ? rows : undefined;
      const y = layer.forward(x, pass, own, beside === undefined ? { rows: taken } : {});
      x = beside === undefined ? y : beside.forward(x, y, pass, childContext(own, 'conv'), kept);
      if (beside !== undefined && taken !== undefined) x = takeRows(x, taken) as tf.Tensor2D;
      if (wanted.includes(index + 1)) states.push(x);
    });
    return states;
  }
}
