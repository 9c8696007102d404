import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  Embedding,
  evaluation,
  LayerNorm,
  Module,
  normal,
  type ForwardContext,
  type Initialiser,
  type StateEntries,
} from '@selfsup/ssl-nn';
import {
  checkChoice,
  checkCount,
  checkOptions,
  checkRandomKey,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { bertConfigNames, type BertConfig } from './bert-config.js';
import { checkBertInputs, type BertInputs } from './bert-inputs.js';
import { bertDropout } from './bert-dropout.js';
import { readTensorFlowNorms } from './other-bert-names.js';
import { withoutPaddingGradient } from './padding-gradient.js';

/** Where a family's embeddings differ from BERT's. */
export interface BertEmbeddingLayout {
  /** Width of the vectors, ELECTRA's `embedding_size`. Default the configuration's `hiddenSize`. */
  readonly width?: number;
  /**
   * `all`: every place has its number, from 0. `tokens`: tokens count from `padTokenId + 1`, and all padding has the
   * position `padTokenId`, as RoBERTa has it. Default `all`.
   */
  readonly positions?: 'all' | 'tokens';
  /** With an embedding of segments; DistilBERT has none. Default true. */
  readonly segments?: boolean;
}

const layoutNames: OptionNames<BertEmbeddingLayout> = {
  width: 'optionalNumber',
  positions: 'optional',
  segments: 'optionalFlag',
};

/**
 * Sum of word, position and segment embeddings, normalised. State names are those of Hugging Face's `BertEmbeddings`, and of
 * the same part of RoBERTa, ELECTRA and DistilBERT.
 */
export class BertEmbeddings extends Module {
  static override readonly fieldNames = {
    wordEmbeddings: 'word_embeddings',
    positionEmbeddings: 'position_embeddings',
    tokenTypeEmbeddings: 'token_type_embeddings',
    norm: 'LayerNorm',
  };
  readonly wordEmbeddings: Embedding;
  readonly positionEmbeddings: Embedding;
  /** None where the model has no segments. */
  readonly tokenTypeEmbeddings?: Embedding;
  readonly norm: LayerNorm;
  private readonly config: BertConfig;
  private readonly positions: 'all' | 'tokens';

  /** @throws InvalidOptionError for a configuration or layout that is out of range, or positions of tokens without padding */
  constructor(config: BertConfig, key: RandomKey, layout: BertEmbeddingLayout = {}) {
    super();
    checkOptions('BertEmbeddings', config, bertConfigNames, 'config');
    checkRandomKey('BertEmbeddings', 'key', key);
    const {
      width = config.hiddenSize,
      positions = 'all',
      segments = true,
    } = checkOptions('BertEmbeddings', layout, layoutNames, 'layout');
    checkChoice('BertEmbeddings', 'layout.positions', positions, ['all', 'tokens']);
    checkCount('BertEmbeddings', { 'layout.width': width });
    if (positions === 'tokens' && config.padTokenId === null)
      throw new InvalidOptionError(
        'BertEmbeddings',
        'config.padTokenId',
        'the id of the padding, which has no position of its own',
        null,
      );
    this.config = config;
    this.positions = positions;
    const weightInit = normal(config.initializerRange);
    this.wordEmbeddings = new Embedding(config.vocabSize, width, {
      key: foldIn(key, 'word'),
      weightInit: paddingZero(weightInit, config.padTokenId),
    });
    this.positionEmbeddings = new Embedding(config.maxPositionEmbeddings, width, {
      key: foldIn(key, 'position'),
      weightInit: positions === 'tokens' ? paddingZero(weightInit, config.padTokenId) : weightInit,
    });
    if (segments)
      this.tokenTypeEmbeddings = new Embedding(config.typeVocabSize, width, {
        key: foldIn(key, 'token-type'),
        weightInit,
      });
    this.norm = new LayerNorm(width, { epsilon: config.layerNormEps });
  }

  /** Longest sequence, tokens. */
  get maxTokens(): number {
    const { maxPositionEmbeddings, padTokenId } = this.config;
    return this.positions === 'all' ? maxPositionEmbeddings : maxPositionEmbeddings - padTokenId! - 1;
  }

  /** @returns `[batch * tokens, width]` */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const width = this.wordEmbeddings.dim;
    const { batch, tokens } = checkBertInputs(inputs, this.maxTokens, width);
    const vectors = inputs.inputsEmbeds ?? this.trained(this.wordEmbeddings, inputs.inputIds, ctx);
    // The two small ones first: with one segment only a [tokens, width] sum is broadcast over the batch.
    const places = this.withSegments(this.placesOf(inputs, tokens, ctx), inputs.tokenTypeIds);
    const sum = tf.reshape(tf.add(vectors, places), [batch * tokens, width]) as tf.Tensor2D;
    return bertDropout(this.norm.forward(sum), this.config.hiddenDropout, childContext(ctx, 'dropout'));
  }

  /** `[tokens, width]`, or with a batch before where rows differ. */
  private placesOf({ inputIds, positionIds }: BertInputs, tokens: number, ctx: ForwardContext): tf.Tensor {
    const { positionEmbeddings, config } = this;
    if (this.positions === 'all')
      return positionIds === undefined
        ? tf.slice(positionEmbeddings.weight.variable, [0, 0], [tokens, positionEmbeddings.dim])
        : positionEmbeddings.forward(positionIds);
    const pad = tf.scalar(config.padTokenId!, 'int32');
    const isToken = tf.cast(tf.notEqual(inputIds, pad), 'int32');
    const count = positionIds === undefined ? tf.cumsum(isToken, 1) : tf.add(positionIds, tf.scalar(1, 'int32'));
    return this.trained(positionEmbeddings, tf.add(tf.mul(count, isToken), pad), ctx);
  }

  /** Vectors of ids; the row of the padding does not train. */
  private trained(embedding: Embedding, ids: tf.Tensor, ctx: ForwardContext): tf.Tensor {
    const vectors = embedding.forward(ids);
    const { padTokenId } = this.config;
    return ctx.training && padTokenId !== null ? withoutPaddingGradient(vectors, ids, padTokenId) : vectors;
  }

  private withSegments(places: tf.Tensor, tokenTypeIds: tf.Tensor | undefined): tf.Tensor {
    const { tokenTypeEmbeddings: segments } = this;
    if (segments === undefined) {
      if (tokenTypeIds === undefined) return places;
      const advice =
        'Leave them out (of an MlmLoader by tokenTypes: false): both parts of a pair are told apart by the separator alone';
      throw new InvalidOptionError(
        'BertEmbeddings.forward',
        'tokenTypeIds',
        'left out for a model without segments',
        tokenTypeIds,
        advice,
      );
    }
    return tf.add(
      places,
      tokenTypeIds === undefined
        ? tf.slice(segments.weight.variable, [0, 0], [1, segments.dim])
        : segments.forward(tokenTypeIds),
    );
  }

  /** Reads the names of TensorFlow too, and leaves out buffers that older versions of transformers save. */
  protected override upgradeStateDict(state: StateEntries): void {
    readTensorFlowNorms(state);
    state.ignore('position_ids', 'positions are counted, as transformers does');
    state.ignore('token_type_ids', 'segments are an input, 0 by default, as in transformers');
  }
}

/** The row of `[PAD]` starts at zero, as in the reference. */
function paddingZero(initialiser: Initialiser, row: number | null): Initialiser {
  if (row === null) return initialiser;
  return (shape, key) => {
    const initial = initialiser(shape, key);
    initial.data.fill(0, row * shape[1]!, (row + 1) * shape[1]!);
    return initial;
  };
}
