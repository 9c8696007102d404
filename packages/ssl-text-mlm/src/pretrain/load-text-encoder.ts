import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { checkPath, isFolder } from '@selfsup/ssl-core/files';
import { loadSafetensors, type StateDict } from '@selfsup/ssl-nn';
import { exportOnnx, fetched } from '@selfsup/ssl-tensor';
import {
  checkInteger,
  checkOptions,
  CheckpointError,
  type NdArray,
  type OptionNames,
  randomKey,
  SslError,
} from '@selfsup/ssl-tensor/host';
import type { BertConfig } from '../bert/bert-config.js';
import { bertConfigFromJson } from '../bert/bert-config-json.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { meanPool } from '../bert/mean-pool.js';
import { type FilledMask, fillMask } from '../evaluation/fill-mask.js';
import { checkVocabulary } from '../tokenizer/check-vocabulary.js';
import { tokenizerLimits } from '../tokenizer/tokenizer-file.js';
import { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { normalizeRows, TextEmbedder, type Texts, textsOf } from './embed-texts.js';
import { exportForTransformers } from './export-for-transformers.js';
import {
  descriptionEntry,
  readDescription,
  type TextEncoderDescription,
  tokenizerEntry,
} from './text-encoder-description.js';

/** Name of the encoder's file in a folder of `pretrainText`. */
export const encoderFile = 'encoder.safetensors';

/** Largest header that is read: a vocabulary of the largest size fits. */
const maxHeaderBytes = 100_000_000;

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
  readonly tokenizer: WordPieceTokenizer;
  readonly description: TextEncoderDescription;
  #embedder: TextEmbedder | undefined;

  constructor(model: BertForMaskedLM, tokenizer: WordPieceTokenizer, description: TextEncoderDescription) {
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
    await fetched();
    await exportForTransformers(folder, this.model, this.tokenizer, this.description.maxLength);
  }

  /** Frees the weights and the compiled graphs. */
  dispose(): void {
    this.#embedder?.dispose();
    this.#embedder = undefined;
    this.model.dispose();
  }
}

/** What an encoder's file says, by entries. */
export function textEncoderMetadata(
  description: TextEncoderDescription,
  tokenizer: WordPieceTokenizer,
): Record<string, string> {
  return {
    [descriptionEntry]: JSON.stringify(description),
    [tokenizerEntry]: JSON.stringify(tokenizer.toJson()),
  };
}

/**
 * A text encoder that `pretrainText` has written, built from what its file says and nothing else.
 *
 * @param path the file, or the folder with its `encoder.safetensors`
 * @throws CheckpointError for a file that is missing, damaged, of another origin or of a newer version
 *
 * @example
 * const encoder = await loadTextEncoder('runs/notes');
 * const { data, shape } = await encoder.embed(['a small dog', 'a red car'], { normalize: true });
 */
export async function loadTextEncoder(path: string): Promise<LoadedTextEncoder> {
  checkPath('loadTextEncoder', 'path', path);
  const file = (await isFolder(path)) ? join(path, encoderFile) : path;
  const { tensors, metadata } = await loadSafetensors(file, { maxHeaderBytes });
  const description = readDescription(metadata, file);
  const { maxLength } = description;
  const config = bertConfigFromJson(description.config, file);
  if (maxLength > config.maxPositionEmbeddings)
    throw new CheckpointError(`says maxLength ${maxLength}, its model has ${config.maxPositionEmbeddings} positions`, {
      path: file,
    });
  checkSizes(tensors, config, file);
  const tokenizer = readTokenizer(metadata[tokenizerEntry], description, file);
  checkVocabulary(tokenizer, config.vocabSize, file);
  try {
    const model = new BertForMaskedLM(config, { key: randomKey(0) });
    model.loadStateDict(tensors);
    return new LoadedTextEncoder(model, tokenizer, description);
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(cause.message, { path: file, cause });
  }
}

function readTokenizer(
  text: string | undefined,
  { specialTokens }: TextEncoderDescription,
  path: string,
): WordPieceTokenizer {
  if (text === undefined)
    throw new CheckpointError(`has no tokeniser: its metadata lack '${tokenizerEntry}'`, { path });
  if (text.length > tokenizerLimits.fileBytes)
    throw new CheckpointError(`has a tokeniser of more than ${tokenizerLimits.fileBytes} characters`, { path });
  try {
    return WordPieceTokenizer.fromJson(text, { specialTokens });
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(`has a damaged tokeniser: ${cause.message}`, { path, cause });
  }
}

/** What the configuration says must be there before memory is taken for it: a stranger's may say much. */
function checkSizes(tensors: StateDict, config: BertConfig, path: string): void {
  const { vocabSize, hiddenSize, intermediateSize, maxPositionEmbeddings, typeVocabSize, numHiddenLayers } = config;
  const embeddings = 'bert.embeddings';
  const wanted: [string, readonly number[]][] = [
    [`${embeddings}.word_embeddings.weight`, [vocabSize, hiddenSize]],
    [`${embeddings}.position_embeddings.weight`, [maxPositionEmbeddings, hiddenSize]],
    [`${embeddings}.token_type_embeddings.weight`, [typeVocabSize, hiddenSize]],
  ];
  for (let layer = 0; layer < numHiddenLayers; layer++)
    wanted.push([`bert.encoder.layer.${layer}.intermediate.dense.weight`, [intermediateSize, hiddenSize]]);
  for (const [name, shape] of wanted) {
    const found = tensors.get(name)?.shape;
    if (found?.join() === shape.join()) continue;
    const has = found === undefined ? 'does not have it' : `has [${found.join(', ')}]`;
    throw new CheckpointError(`says by its configuration that '${name}' is [${shape.join(', ')}], and ${has}`, {
      path,
      parameter: name,
    });
  }
}
