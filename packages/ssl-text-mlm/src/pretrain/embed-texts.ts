import * as tf from '@tensorflow/tfjs-core';
import { evaluation } from '@selfsup/ssl-nn';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, ndArray, type NdArray } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import { meanPool } from '../bert/mean-pool.js';
import type { TextModel } from '../models/text-model.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import type { TextPooling } from './text-encoder-description.js';

/** Rows that are computed at once: few sizes, so that there are few traces. */
const batchSizes = [1, 8, 32] as const;
const mostRows = 32;
/** Texts that are sorted by length at once. */
const chunkSize = 1024;
/** Shortest padded length, tokens; the next ones are each twice as long. */
const shortest = 16;

type Rows = { readonly inputIds: NdArray<Int32Array>; readonly attentionMask: NdArray<Int32Array> };
type RowTensors = { readonly inputIds: tf.Tensor; readonly attentionMask: tf.Tensor };

/** One row of each sequence, `[batch, hidden]`. */
export function pooled(model: TextModel, inputs: BertInputs, pooling: TextPooling): tf.Tensor2D {
  if (pooling === 'mean') return meanPool(model.forward(inputs), inputs.attentionMask);
  const [batch, tokens] = inputs.inputIds.shape as [number, number];
  return model.forwardFlat(inputs, evaluation, tf.range(0, batch * tokens, tokens, 'int32'));
}

/** One text or several. */
export type Texts = string | readonly string[] | AsyncIterable<string>;

/** The texts one after the other, each checked to be one. */
export async function* textsOf(where: string, texts: Texts): AsyncGenerator<string> {
  const given = texts as Partial<Iterable<string> & AsyncIterable<string>> | null | undefined;
  if (typeof given?.[Symbol.iterator] !== 'function' && typeof given?.[Symbol.asyncIterator] !== 'function')
    throw new InvalidOptionError(where, 'texts', 'a text, an array of texts or an async iterable of texts', texts);
  let index = 0;
  for await (const text of typeof texts === 'string' ? [texts] : texts) {
    if (typeof text !== 'string') throw new InvalidOptionError(where, `texts[${index}]`, 'a text', text);
    index++;
    yield text;
  }
}

/** A row of numbers for each text. */
export interface TextRowsOptions {
  readonly tokenizer: TextTokenizer;
  /** Longest text, tokens; the rest is cut off. */
  readonly maxLength: number;
  /** Numbers of a row. */
  readonly width: number;
  /** Traced: `[texts, width]`. */
  readonly forward: (inputs: RowTensors) => tf.Tensor2D;
  /** For messages. */
  readonly name: string;
}

/**
 * Computes a row for each text, compiled: each is padded to the next of a few lengths and computed with others of that length,
 * so that there are at most three traces for each length.
 */
export class TextRows {
  readonly #tokenizer: TextTokenizer;
  readonly #maxLength: number;
  readonly #width: number;
  readonly #forward: ((rows: Rows) => Promise<tf.Tensor>) & { dispose(): void };

  constructor({ tokenizer, maxLength, width, forward, name }: TextRowsOptions) {
    this.#tokenizer = tokenizer;
    this.#maxLength = maxLength;
    this.#width = width;
    this.#forward = compile(forward as unknown as (rows: Rows) => tf.Tensor, { name });
  }

  /** Rows of texts, `[texts, width]`, in their order. */
  async of(texts: AsyncIterable<string>): Promise<NdArray<Float32Array>> {
    const parts: Float32Array[] = [];
    let chunk: number[][] = [];
    for await (const text of texts) {
      chunk.push(this.#tokenizer.encode(text, { maxLength: this.#maxLength }));
      if (chunk.length < chunkSize) continue;
      parts.push(await this.#chunk(chunk));
      chunk = [];
    }
    if (chunk.length > 0) parts.push(await this.#chunk(chunk));
    const features = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let filled = 0;
    for (const part of parts) {
      features.set(part, filled);
      filled += part.length;
    }
    return ndArray(features, [features.length / this.#width, this.#width]);
  }

  dispose(): void {
    this.#forward.dispose();
  }

  async #chunk(sequences: readonly (readonly number[])[]): Promise<Float32Array> {
    const features = new Float32Array(sequences.length * this.#width);
    const buckets = new Map<number, number[]>();
    for (const [index, { length }] of sequences.entries()) {
      const bucket = this.#lengthFor(length);
      const rows = buckets.get(bucket);
      if (rows === undefined) buckets.set(bucket, [index]);
      else rows.push(index);
    }
    for (const [length, indices] of buckets)
      for (let from = 0; from < indices.length; from += mostRows) {
        const rows = indices.slice(from, from + mostRows);
        const output = await this.#forward(this.#padded(sequences, rows, length));
        const values = (await output.data()) as Float32Array;
        output.dispose();
        for (const [row, index] of rows.entries())
          features.set(values.subarray(row * this.#width, (row + 1) * this.#width), index * this.#width);
      }
    return features;
  }

  #lengthFor(tokens: number): number {
    let length = shortest;
    while (length < tokens) length *= 2;
    return Math.min(length, this.#maxLength);
  }

  #padded(sequences: readonly (readonly number[])[], rows: readonly number[], length: number): Rows {
    const batch = batchSizes.find((size) => size >= rows.length)!;
    const inputIds = new Int32Array(batch * length).fill(this.#tokenizer.specialIds.pad);
    const attentionMask = new Int32Array(batch * length);
    for (const [row, index] of rows.entries()) {
      inputIds.set(sequences[index]!, row * length);
      attentionMask.fill(1, row * length, row * length + sequences[index]!.length);
    }
    return { inputIds: ndArray(inputIds, [batch, length]), attentionMask: ndArray(attentionMask, [batch, length]) };
  }
}

/** Scales each row to length 1, in place; a row of zeros stays. */
export function normalizeRows({ data, shape }: NdArray<Float32Array>): void {
  const [rows, width] = shape as [number, number];
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * width, (row + 1) * width);
    const norm = Math.hypot(...values);
    if (norm > 0) for (let at = 0; at < width; at++) values[at]! /= norm;
  }
}
