import * as tf from '@tensorflow/tfjs-core';
import { type CompiledFunction, compile, type NdArray } from '@selfsup/ssl-tensor';
import { type ImageStatistics, normalizeImages } from '@selfsup/ssl-vision';
import type { BlipCaptioner } from '../blip-captioner.js';
import type { Draft } from './caption-search.js';

/** Texts are padded to this length or to its doubles, so that there are few traces. */
const shortest = 8;

/**
 * Log probabilities of next tokens, compiled. Tokens of the pictures are computed once; drafts are computed whole at each
 * token, which a small decoder does in little more time than it takes to look up what is kept.
 */
export class CaptionScorer {
  readonly #encode: CompiledFunction<[tf.Tensor], tf.Tensor3D>;
  readonly #next: CompiledFunction<[tf.Tensor3D, tf.Tensor1D, tf.Tensor2D, tf.Tensor1D], tf.Tensor2D>;
  readonly #vocabulary: number;
  readonly #padId: number;
  readonly #most: number;

  /** @param maxLength longest text, in tokens */
  constructor(captioner: BlipCaptioner, normalize: ImageStatistics, padId: number, maxLength: number) {
    const { image, decoder } = captioner;
    this.#vocabulary = decoder.config.vocabSize;
    this.#padId = padId;
    this.#most = maxLength;
    this.#encode = compile((images: tf.Tensor) => image.encode(normalizeImages(images, normalize)).tokens, {
      name: 'encode pictures',
    });
    this.#next = compile(
      (memory: tf.Tensor3D, pictures: tf.Tensor1D, inputIds: tf.Tensor2D, places: tf.Tensor1D) =>
        tf.logSoftmax(decoder.forward({ inputIds }, tf.gather(memory, pictures), undefined, places)),
      { name: 'next tokens' },
    );
  }

  /** @returns tokens of the pictures, to be disposed of */
  encode(images: NdArray<Uint8Array>): Promise<tf.Tensor3D> {
    return this.#encode(images);
  }

  /**
   * @param drafts all of one length
   * @param rows how many are computed at once, the same at every call; the rest is filled up
   */
  async next(memory: tf.Tensor3D, drafts: readonly Draft[], rows: number): Promise<Float32Array[]> {
    const { length } = drafts[0]!.ids;
    let width = shortest;
    while (width < length) width *= 2;
    width = Math.min(width, this.#most);
    const ids = new Int32Array(rows * width).fill(this.#padId);
    drafts.forEach((draft, row) => ids.set(draft.ids, row * width));
    const pictures = Int32Array.from({ length: rows }, (_, row) => drafts[row]?.picture ?? 0);
    const places = Int32Array.from({ length: rows }, (_, row) => row * width + length - 1);
    const result = await this.#next(
      memory,
      { data: pictures, shape: [rows] },
      { data: ids, shape: [rows, width] },
      { data: places, shape: [rows] },
    );
    const values = (await result.data()) as Float32Array;
    result.dispose();
    const size = this.#vocabulary;
    return drafts.map((_, row) => values.slice(row * size, (row + 1) * size));
  }

  dispose(): void {
    this.#encode.dispose();
    this.#next.dispose();
  }
}
