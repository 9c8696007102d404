import {
  type Embedding,
  type ForwardContext,
  type Layered,
  type Linear,
  Module,
  type TokenEncoder,
  type TokenOptions,
} from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';

/** Options of {@link TextModel.encode}: texts are masked and shortened by their ids. */
export type TextTokenOptions = Pick<TokenOptions, 'blocks'>;

/** What heads and methods read of an encoder's configuration, whatever its family. */
export interface TextModelConfig {
  /** Rows of the word embedding. */
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly maxPositionEmbeddings: number;
  /** Standard deviation of the Gaussian from which the weights of heads start. */
  readonly initializerRange: number;
  readonly hiddenDropout?: number;
  /** Dropout before a classifier; null or left out: that of `hiddenDropout`. */
  readonly classifierDropout?: number | null;
  /** Dropout before the classifier of sequences, where it is one of its own, as DistilBERT's. */
  readonly seqClassifDropout?: number;
  /** Dropout before the scores of answers. */
  readonly qaDropout?: number;
}

/** An encoder of texts: what heads, methods and evaluation take, so that they work with every family. */
export interface TextModel extends TokenEncoder<BertInputs, TextTokenOptions>, Layered {
  readonly config: TextModelConfig;
  /** The name under which a model with a head holds this encoder, transformers' `base_model_prefix`: `bert`, `roberta`. */
  readonly baseName: string;
  /** Longest sequence, tokens, where it is less than `config.maxPositionEmbeddings`, as RoBERTa's. */
  readonly maxTokens?: number;
  /** The word embedding, of encoders that share it. */
  readonly wordEmbeddings?: Embedding;
  /** Whether the encoder reads `inputsEmbeds` in place of the words' vectors. Default: no, and then they are not looked at. */
  readonly readsInputsEmbeds?: boolean;
  /** The pooler on the first token, `tanh` of this layer, of encoders that have one. */
  readonly poolerDense?: Linear;
  /** @returns the last layer's output, `[batch, tokens, hidden]` */
  forward(inputs: BertInputs, ctx?: ForwardContext): tf.Tensor3D;
  /**
   * As {@link forward}, as rows.
   *
   * @param rows int32 `[n]`, flat indices into `batch * tokens`. Default: all
   * @returns `[n, hidden]`
   */
  forwardFlat(inputs: BertInputs, ctx?: ForwardContext, rows?: tf.Tensor1D): tf.Tensor2D;
}

/** @throws InvalidOptionError for what is no encoder of texts */
export function checkTextModel(where: string, model: TextModel): void {
  const { forwardFlat, baseName } = ((model as unknown) ?? {}) as Partial<TextModel>;
  if ((model as unknown) instanceof Module && typeof forwardFlat === 'function' && typeof baseName === 'string') return;
  const advice = 'Such as new BertModel(config, { key: randomKey(1) }), or the encoder of a BertForMaskedLM';
  throw new InvalidOptionError(where, 'model', 'an encoder of texts, such as a BertModel', model, advice);
}
