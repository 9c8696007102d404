import * as tf from '@tensorflow/tfjs-core';
import { checkPath } from '@selfsup/ssl-core/files';
import { exportOnnx, fetched } from '@selfsup/ssl-tensor';
import {
  checkInteger,
  checkOptions,
  InvalidOptionError,
  type NdArray,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import type { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { meanPool } from '../bert/mean-pool.js';
import { type FilledMask, fillMask } from '../evaluation/fill-mask.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { normalizeRows, TextEmbedder, type Texts, textsOf } from './embed-texts.js';
import { exportForTransformers } from './export-for-transformers.js';
import { descriptionEntry, type TextEncoderDescription, tokenizerEntry } from './text-encoder-description.js';

/** Options of {@link LoadedTextEncoder.embed}. */
export interface EmbedTextsOptions {
  /** Scale each row to length 1, so that products of rows are cosines. Default false. */
  readonly normalize?: boolean;
}

const embedTextsOptionNames: OptionNames<EmbedTextsOptions> = { normalize: 'optionalFlag' };

/** Options of {@link LoadedTextEncoder.exportOnnx}. */
export interface ExportTextOnnxOptions {
  /** Tokens of every sequence in the file, with padding. Default: the encoder's longest. */
  readonly length?: number;
}

const exportTextOnnxOptionNames: OptionNames<ExportTextOnnxOptions> = { length: 'optionalNumber' };

/** A text encoder with all that its file says of it. */
export class LoadedTextEncoder {
  readonly model: BertForMaskedLM;
  readonly tokenizer: TextTokenizer;
  readonly description: TextEncoderDescription;
  #embedder: TextEmbedder | undefined;
  #isDisposed = false;

  constructor(model: BertForMaskedLM, tokenizer: TextTokenizer, description: TextEncoderDescription) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.description = description;
  }

  /** Numbers of a row of {@link embed}. */
  get featureDim(): number {
    return this.model.config.hiddenSize;
  }

  /**
   * Features of texts: the mean of their tokens after the last layer, `[CLS]` and `[SEP]` among them. An empty text has
   * these two alone. A longer text than `description.maxLength` is cut. A text's row differs in its last digits with the
   * number and length of the texts that it is computed with.
   *
   * @param texts one text, several, or a stream, of which some thousand are held at once
   * @returns float32 `[texts, featureDim]`, in the order given; `[0, featureDim]` of none
   * @throws InvalidOptionError for what is no text, with its number; what the stream throws
   */
  async embed(texts: Texts, options: EmbedTextsOptions = {}): Promise<NdArray<Float32Array>> {
    const { normalize = false } = checkOptions('LoadedTextEncoder.embed', options, embedTextsOptionNames);
    this.#checkLive('LoadedTextEncoder.embed');
    this.#embedder ??= new TextEmbedder(this.model.bert, this.tokenizer, this.description.maxLength);
    const features = await this.#embedder.embed(textsOf('LoadedTextEncoder.embed', texts));
    if (normalize) normalizeRows(features);
    return features;
  }

  /**
   * The most probable words for each `[MASK]` of a text.
   *
   * @param topK words for each place
   * @throws as `fillMask`
   */
  async fillMask(text: string, topK = 5): Promise<FilledMask[]> {
    this.#checkLive('LoadedTextEncoder.fillMask');
    return fillMask(this.model, this.tokenizer, text, topK);
  }

  /**
   * Writes the encoder as an ONNX file: `input_ids` and `attention_mask` int64 `[batch, length]` in, `features` float32
   * `[batch, featureDim]` out, as {@link embed} has them. The batch may have any size; the length is fixed, and shorter
   * texts are padded (attention 0). The description and the `tokenizer.json` are in the file's metadata.
   *
   * @throws InvalidOptionError for a length beyond the model's positions; as exportOnnx of @selfsup/ssl-tensor
   */
  async exportOnnx(path: string, options: ExportTextOnnxOptions = {}): Promise<void> {
    const where = 'LoadedTextEncoder.exportOnnx';
    checkPath(where, 'path', path);
    const { length = this.description.maxLength } = checkOptions(where, options, exportTextOnnxOptionNames);
    this.#checkLive(where);
    const { bert } = this.model;
    checkInteger(where, 'length', length, 3, bert.config.maxPositionEmbeddings);
    const zeros = tf.zeros([1, length], 'int32');
    const forward = (inputIds: tf.Tensor, attentionMask: tf.Tensor): tf.Tensor2D =>
      meanPool(bert.forward({ inputIds, attentionMask }), attentionMask);
    const names = ['input_ids', 'attention_mask'];
    try {
      await exportOnnx(forward as (...inputs: never[]) => unknown, [zeros, zeros], {
        path,
        inputNames: names,
        int64Inputs: names,
        outputNames: ['features'],
        modules: { bert },
        name: 'text-encoder',
        metadata: textEncoderMetadata(this.description, this.tokenizer),
      });
    } finally {
      zeros.dispose();
    }
  }

  /**
   * Writes a folder that `AutoModelForMaskedLM` and `AutoTokenizer` of Hugging Face's transformers read by
   * `from_pretrained(folder)`.
   *
   * @throws DataError or CheckpointError when a file cannot be written
   */
  async exportForTransformers(folder: string): Promise<void> {
    this.#checkLive('LoadedTextEncoder.exportForTransformers');
    await fetched();
    await exportForTransformers(folder, this.model, this.tokenizer, this.description.maxLength);
  }

  /** Frees the weights and the compiled graphs; a second call does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#embedder?.dispose();
    this.#embedder = undefined;
    this.model.dispose();
  }

  #checkLive(where: string): void {
    if (this.#isDisposed)
      throw new InvalidOptionError(where, 'encoder', 'used before dispose()', 'a disposed one', 'Load it again');
  }
}

/** What an encoder's file says, by entries. */
export function textEncoderMetadata(
  description: TextEncoderDescription,
  tokenizer: TextTokenizer,
): Record<string, string> {
  return {
    [descriptionEntry]: JSON.stringify(description),
    [tokenizerEntry]: JSON.stringify(tokenizer.toJson()),
  };
}
