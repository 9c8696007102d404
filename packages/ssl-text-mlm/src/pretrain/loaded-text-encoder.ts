import { checkPath } from '@selfsup/ssl-core/files';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { fetched } from '@selfsup/ssl-tensor';
import {
  checkChoice,
  checkInteger,
  checkOptions,
  InvalidOptionError,
  type NdArray,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { type FilledMask, fillMask } from '../evaluation/fill-mask.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { TextModel } from '../models/text-model.js';
import type { TokenDetector } from '../models/token-detector.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { normalizeRows, pooled, TextRows, type Texts, textsOf } from './embed-texts.js';
import { exportForTransformers } from './export-for-transformers.js';
import { exportPipeline, type TextPipelineTask, textPipelineTasks } from './export-pipeline.js';
import { exportTextOnnx } from './export-text-onnx.js';
import { longestOf } from './longest-of.js';
import { type SimilarText, TextIndex } from './text-index.js';
import {
  architectureOf,
  descriptionEntry,
  type TextEncoderDescription,
  tokenizerEntry,
} from './text-encoder-description.js';

/** Options of {@link LoadedTextEncoder.embed}. */
export interface EmbedTextsOptions {
  /** Scale each row to length 1, so that products of rows are cosines. Default as `description.normalize`, else false. */
  readonly normalize?: boolean;
}

const embedTextsOptionNames: OptionNames<EmbedTextsOptions> = { normalize: 'optionalFlag' };

/** Options of {@link LoadedTextEncoder.exportOnnx}. */
export interface ExportTextOnnxOptions {
  /** Tokens of every sequence in the file, with padding. Default: the encoder's longest. */
  readonly length?: number;
}

const exportTextOnnxOptionNames: OptionNames<ExportTextOnnxOptions> = { length: 'optionalNumber' };

/** An encoder by itself, or with the head that it was trained with. */
export type TextEncoderModel = MaskedLmModel | TokenDetector | TextModel;

/** A text encoder of any family with all that its file says of it. */
export class LoadedTextEncoder {
  readonly model: TextEncoderModel;
  readonly tokenizer: TextTokenizer;
  readonly description: TextEncoderDescription;
  #rows: TextRows | undefined;
  #isDisposed = false;

  constructor(model: TextEncoderModel, tokenizer: TextTokenizer, description: TextEncoderDescription) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.description = description;
  }

  /** The model without a head. */
  get encoder(): TextModel {
    return 'encoder' in this.model ? this.model.encoder : this.model;
  }

  /** Numbers of a row of {@link embed}. */
  get featureDim(): number {
    return this.encoder.tokenDim;
  }

  /**
   * Features of texts: the mean of their tokens after the last layer, `[CLS]` and `[SEP]` among them, or the first token, as
   * `description.pooling` says. An empty text has these two alone. A longer text than `description.maxLength` is cut. A text's row differs in its last digits with the
   * number and length of the texts that it is computed with.
   *
   * @param texts one text, several, or a stream, of which some thousand are held at once
   * @returns float32 `[texts, featureDim]`, in the order given; `[0, featureDim]` of none
   * @throws InvalidOptionError for what is no text, with its number; what the stream throws
   */
  async embed(texts: Texts, options: EmbedTextsOptions = {}): Promise<NdArray<Float32Array>> {
    const { maxLength, pooling, normalize: usual = false } = this.description;
    const { normalize = usual } = checkOptions('LoadedTextEncoder.embed', options, embedTextsOptionNames);
    this.#checkLive('LoadedTextEncoder.embed');
    const { encoder, tokenizer } = this;
    this.#rows ??= new TextRows({
      tokenizer,
      maxLength,
      width: encoder.tokenDim,
      forward: (inputs) => pooled(encoder, inputs, pooling),
      name: 'embed texts',
    });
    const features = await this.#rows.of(textsOf('LoadedTextEncoder.embed', texts));
    if (normalize) normalizeRows(features);
    return features;
  }

  /**
   * The texts that are most like a query, by the cosine of their features. To search the same texts again and again keep them
   * in a {@link TextIndex}.
   *
   * @param texts at least one
   * @param k how many, at most
   * @throws InvalidOptionError for what is no text, no texts, and `k` that is no positive integer
   */
  async similar(query: string, texts: readonly string[], k = 5): Promise<SimilarText[]> {
    const index = await TextIndex.of(this, texts);
    return index.search(query, k);
  }

  /**
   * The most probable words for each `[MASK]` of a text.
   *
   * @param topK words for each place
   * @throws InvalidOptionError for an encoder without a head that scores words; as `fillMask`
   */
  async fillMask(text: string, topK = 5): Promise<FilledMask[]> {
    this.#checkLive('LoadedTextEncoder.fillMask');
    return fillMask(this.#maskedLm('LoadedTextEncoder.fillMask'), this.tokenizer, text, topK);
  }

  /**
   * Writes the encoder as an ONNX file: `input_ids` and `attention_mask` int64 `[batch, length]` in, `features` float32
   * `[batch, featureDim]` out, as {@link embed} has them without `normalize`. The batch may have any size; the length is
   * fixed, and shorter texts are padded (attention 0). The description and the `tokenizer.json` are in the file's metadata.
   *
   * @throws InvalidOptionError for a length beyond the model's positions; as exportOnnx of @selfsup/ssl-tensor
   */
  async exportOnnx(path: string, options: ExportTextOnnxOptions = {}): Promise<void> {
    const where = 'LoadedTextEncoder.exportOnnx';
    checkPath(where, 'path', path);
    const { length = this.description.maxLength } = checkOptions(where, options, exportTextOnnxOptionNames);
    this.#checkLive(where);
    const { encoder } = this;
    const { pooling } = this.description;
    checkInteger(where, 'length', length, 3, longestOf(encoder));
    await exportTextOnnx((inputs) => pooled(encoder, inputs, pooling), {
      path,
      length,
      outputName: 'features',
      modules: { [encoder.baseName]: encoder },
      name: 'text-encoder',
      metadata: textEncoderMetadata(this.description, this.tokenizer),
    });
  }

  /**
   * Writes a folder that `pipeline(task, folder)` of transformers.js reads: `onnx/model.onnx` with texts of any length up to
   * `description.maxLength`, `config.json` and the tokeniser's files. `feature-extraction` gives a vector for each token, of
   * which `{ pooling, normalize }` makes those of {@link embed}; `fill-mask` scores words.
   *
   * @throws InvalidOptionError for another task, and `fill-mask` without a head that scores words; as {@link exportOnnx}
   *
   * @example
   * await encoder.exportPipeline('site/models/notes', 'feature-extraction');
   * // In a page: await pipeline('feature-extraction', 'notes', { dtype: 'fp32' }) with env.localModelPath = '/models/'.
   */
  async exportPipeline(folder: string, task: TextPipelineTask): Promise<void> {
    const where = 'LoadedTextEncoder.exportPipeline';
    this.#checkLive(where);
    checkChoice(where, 'task', task, textPipelineTasks);
    const { tokenizer, encoder } = this;
    const { maxLength } = this.description;
    if (task === 'fill-mask') {
      const model = this.#maskedLm(where);
      await exportPipeline({ folder, task, model, tokenizer, maxLength });
    } else await exportPipeline({ folder, task, model: encoder, tokenizer, maxLength });
  }

  /**
   * Writes a folder that `AutoTokenizer` and the class of Hugging Face's transformers that its `config.json` names read by
   * `from_pretrained(folder)`: `AutoModelForMaskedLM` where the model has that head, else `AutoModel`.
   *
   * @throws DataError or CheckpointError when a file cannot be written
   */
  async exportForTransformers(folder: string): Promise<void> {
    this.#checkLive('LoadedTextEncoder.exportForTransformers');
    await fetched();
    const { head = 'masked-lm', maxLength } = this.description;
    const kind = architectureOf(head, this.encoder);
    await exportForTransformers(folder, { model: this.model, encoder: this.encoder, kind }, this.tokenizer, maxLength);
  }

  /**
   * Writes the encoder as one file that describes itself, for `loadTextEncoder`: with the weights as they are now, where
   * it was trained further.
   */
  async save(path: string): Promise<void> {
    checkPath('LoadedTextEncoder.save', 'path', path);
    this.#checkLive('LoadedTextEncoder.save');
    await fetched();
    await saveSafetensors(path, this.model.stateDict(), {
      format: 'pt',
      ...textEncoderMetadata(this.description, this.tokenizer),
    });
  }

  /** Frees the weights and the compiled graphs; a second call does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#rows?.dispose();
    this.#rows = undefined;
    this.model.dispose();
  }

  #maskedLm(where: string): MaskedLmModel {
    const { head = 'masked-lm' } = this.description;
    if (head === 'masked-lm') return this.model as MaskedLmModel;
    const advice = 'Masked-language modelling trains one: pretrainText with its usual objective';
    throw new InvalidOptionError(where, 'encoder', 'one with a head that scores words', `one with ${head}`, advice);
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
