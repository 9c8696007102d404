import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  Embedding,
  type ForwardContext,
  type Initialiser,
  LayerNorm,
  Linear,
  Module,
  normal,
  type StateEntries,
} from '@selfsup/ssl-nn';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertDropout } from '../bert/bert-dropout.js';
import type { BertInputs } from '../bert/bert-inputs.js';
import { withoutPaddingGradient } from '../bert/padding-gradient.js';
import type { DebertaConfig } from './deberta-config.js';

/**
 * Sum of word embeddings and what a configuration has of positions and segments, projected where it is narrower than the
 * model, normalised, and 0 at padding. State names are those of transformers' `DebertaEmbeddings` and `DebertaV2Embeddings`.
 */
export class DebertaEmbeddings extends Module {
  static override readonly fieldNames = {
    wordEmbeddings: 'word_embeddings',
    positionEmbeddings: 'position_embeddings',
    tokenTypeEmbeddings: 'token_type_embeddings',
    projection: 'embed_proj',
    norm: 'LayerNorm',
  };
  readonly wordEmbeddings: Embedding;
  /** Where the configuration adds absolute positions, or the model was asked to keep them. */
  readonly positionEmbeddings?: Embedding;
  readonly tokenTypeEmbeddings?: Embedding;
  readonly projection?: Linear;
  readonly norm: LayerNorm;
  private readonly config: DebertaConfig;

  /** @param absolutePositions keep a table of them also where they are not added here */
  constructor(config: DebertaConfig, absolutePositions: boolean, key: RandomKey) {
    super();
    this.config = config;
    const { embeddingSize: width, hiddenSize, padTokenId, typeVocabSize, maxPositionEmbeddings } = config;
    const weightInit = normal(config.initializerRange);
    const table = (name: string, rows: number, start: Initialiser = weightInit): Embedding =>
      new Embedding(rows, width, { key: foldIn(key, name), weightInit: start });
    // The row of the padding starts at zero, as in the reference.
    this.wordEmbeddings = table('word', config.vocabSize, (shape, from) => {
      const initial = weightInit(shape, from);
      if (padTokenId !== null) initial.data.fill(0, padTokenId * width, (padTokenId + 1) * width);
      return initial;
    });
    if (config.positionBiasedInput || absolutePositions)
      this.positionEmbeddings = table('position', maxPositionEmbeddings);
    if (typeVocabSize > 0) this.tokenTypeEmbeddings = table('token-type', typeVocabSize);
    if (width !== hiddenSize)
      this.projection = new Linear(width, hiddenSize, { key: foldIn(key, 'projection'), bias: false, weightInit });
    this.norm = new LayerNorm(hiddenSize, { epsilon: config.layerNormEps });
  }

  /**
   * @param inputs as `checkBertInputs` has looked at them
   * @param kept 1 = token, 0 = padding, `[batch * tokens, 1]`; default: no padding
   * @returns `[batch * tokens, hidden]`
   */
  forward(inputs: BertInputs, ctx: ForwardContext, kept?: tf.Tensor2D): tf.Tensor2D {
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const { embeddingSize: width, hiddenDropout, positionBiasedInput } = this.config;
    const { tokenTypeEmbeddings } = this;
    let sum = inputs.inputsEmbeds ?? this.words(inputs.inputIds, ctx);
    if (positionBiasedInput) sum = tf.add(sum, this.positions(inputs));
    if (tokenTypeEmbeddings !== undefined)
      sum = tf.add(
        sum,
        inputs.tokenTypeIds === undefined
          ? tf.slice(tokenTypeEmbeddings.weight.variable, [0, 0], [1, width])
          : tokenTypeEmbeddings.forward(inputs.tokenTypeIds),
      );
    const rows = tf.reshape(sum, [batch * tokens, width]) as tf.Tensor2D;
    const normed = this.norm.forward(this.projection?.forward(rows) ?? rows);
    return bertDropout(kept === undefined ? normed : tf.mul(normed, kept), hiddenDropout, childContext(ctx, 'dropout'));
  }

  /** Vectors of ids; the row of the padding does not train. */
  private words(ids: tf.Tensor, ctx: ForwardContext): tf.Tensor {
    const vectors = this.wordEmbeddings.forward(ids);
    const { padTokenId } = this.config;
    return ctx.training && padTokenId !== null ? withoutPaddingGradient(vectors, ids, padTokenId) : vectors;
  }

  /** Absolute positions, `[tokens, embedding]`, or `[batch, tokens, embedding]` where the inputs say them. */
  positions({ inputIds, positionIds }: BertInputs): tf.Tensor {
    const table = this.positionEmbeddings!;
    if (positionIds !== undefined) return table.forward(positionIds);
    return tf.slice(table.weight.variable, [0, 0], [inputIds.shape[1]!, this.config.embeddingSize]);
  }

  /** Leaves out a buffer of older versions of transformers, and absolute positions that this model does not have. */
  protected override upgradeStateDict(state: StateEntries): void {
    state.ignore('position_ids', 'positions are counted from 0, as transformers does');
    if (this.positionEmbeddings === undefined)
      state.ignore(
        'position_embeddings.weight',
        'absolute positions, which only the enhanced mask decoder reads; a model with enhancedMaskDecoder: true has them',
      );
  }
}
