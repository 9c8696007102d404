import { join } from 'node:path';
import { checkPath } from '@selfsup/ssl-core/files';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { fetched } from '@selfsup/ssl-tensor';
import { InvalidOptionError, type NdArray } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import type { TextForSequenceClassification } from '../heads/text-for-sequence-classification.js';
import { TextRows, type Texts, textsOf } from '../pretrain/embed-texts.js';
import { exportPipeline } from '../pretrain/export-pipeline.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import {
  classifierEntry,
  classifierTokenizerEntry,
  type TextClassifierDescription,
} from './text-classifier-description.js';

/** The class of a text. */
export interface TextClass {
  /** The most probable one. */
  readonly label: string;
  readonly probability: number;
  /** Of every class, the most probable first. */
  readonly classes: readonly { readonly label: string; readonly probability: number }[];
}

/** Name of the classifier's file in a folder of `fineTuneText`. */
export const classifierFile = 'classifier.safetensors';

/** A text classifier with all that its file says of it. */
export class LoadedTextClassifier {
  readonly model: TextForSequenceClassification;
  readonly tokenizer: TextTokenizer;
  readonly description: TextClassifierDescription;
  #rows: TextRows | undefined;
  #isDisposed = false;

  constructor(model: TextForSequenceClassification, tokenizer: TextTokenizer, description: TextClassifierDescription) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.description = description;
  }

  /** Names of the classes. */
  get labels(): readonly string[] {
    return this.description.labels;
  }

  /**
   * The classes of texts. A longer text than `description.maxLength` is cut.
   *
   * @param texts one text, several, or a stream, of which some thousand are held at once
   * @returns one for each text, in their order
   * @throws InvalidOptionError for what is no text, with its number; what the stream throws
   */
  async classify(texts: Texts): Promise<TextClass[]> {
    const { data, shape } = await this.probabilities(texts);
    const [rows, width] = shape as [number, number];
    return Array.from({ length: rows }, (_, row) => {
      const own = this.labels.map((label, at) => ({ label, probability: data[row * width + at]! }));
      const classes = own.toSorted((a, b) => b.probability - a.probability);
      return { ...classes[0]!, classes };
    });
  }

  /** As {@link classify}: float32 `[texts, classes]`, the classes in the order of {@link labels}. */
  async probabilities(texts: Texts): Promise<NdArray<Float32Array>> {
    const where = 'LoadedTextClassifier.classify';
    this.#checkLive(where);
    const { model, tokenizer } = this;
    this.#rows ??= new TextRows({
      tokenizer,
      maxLength: this.description.maxLength,
      width: model.numLabels,
      forward: (inputs) => tf.softmax(model.forward(inputs)),
      name: 'classify texts',
    });
    return this.#rows.of(textsOf(where, texts));
  }

  /** Writes the classifier as one file that describes itself, for `loadTextClassifier`. */
  async save(path: string): Promise<void> {
    checkPath('LoadedTextClassifier.save', 'path', path);
    this.#checkLive('LoadedTextClassifier.save');
    await fetched();
    await saveSafetensors(path, this.model.stateDict(), {
      format: 'pt',
      [classifierEntry]: JSON.stringify(this.description),
      [classifierTokenizerEntry]: JSON.stringify(this.tokenizer.toJson()),
    });
  }

  /**
   * Writes a folder that `pipeline('text-classification', folder)` of transformers.js reads.
   *
   * @throws as `exportPipeline`
   */
  async exportPipeline(folder: string): Promise<void> {
    this.#checkLive('LoadedTextClassifier.exportPipeline');
    const { model, tokenizer, labels } = this;
    const { maxLength } = this.description;
    await exportPipeline({ folder, task: 'text-classification', model, tokenizer, maxLength, labels });
  }

  /** Frees the weights and the compiled graphs; a second call does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#rows?.dispose();
    this.#rows = undefined;
    this.model.dispose();
  }

  #checkLive(where: string): void {
    if (this.#isDisposed)
      throw new InvalidOptionError(where, 'classifier', 'used before dispose()', 'a disposed one', 'Load it again');
  }
}

/** Where the classifier of a folder of `fineTuneText` lies. */
export const classifierPath = (folder: string): string => join(folder, classifierFile);
