import { ndArray, type NdArray } from '@selfsup/ssl-tensor/host';
import type { PairSample, TokenSample } from './token-source.js';

/** Which of two texts each token of a row is of, and what is to be told of the rows. */
export interface PairRows {
  /** `[batch, tokens]`, 0 = first text, its frame and padding, 1 = second text and its `[SEP]`. */
  readonly tokenTypeIds?: NdArray<Int32Array>;
  /** `[batch]`, 0 = the second text follows the first, 1 = it does not, -100 = no row. */
  readonly pairLabels?: NdArray<Int32Array>;
}

/** Collects what is known of the pairs of a batch, row by row; nothing where there are none. */
export class RowTypes {
  readonly #shape: readonly [number, number];
  #types: Int32Array | undefined;
  #labels: Int32Array | undefined;

  constructor(batchSize: number, length: number) {
    this.#shape = [batchSize, length];
  }

  /**
   * @param at flat index of the sample's first token
   */
  add(sample: TokenSample | PairSample, at: number): void {
    if (!('second' in sample)) return;
    const [batchSize, length] = this.#shape;
    this.#types ??= new Int32Array(batchSize * length);
    this.#types.fill(1, at + sample.second, at + sample.ids.length);
    if (sample.pairLabel === undefined) return;
    this.#labels ??= new Int32Array(batchSize).fill(-100);
    this.#labels[Math.floor(at / length)] = sample.pairLabel;
  }

  get rows(): PairRows {
    const [batchSize] = this.#shape;
    return {
      ...(this.#types === undefined ? {} : { tokenTypeIds: ndArray(this.#types, [...this.#shape]) }),
      ...(this.#labels === undefined ? {} : { pairLabels: ndArray(this.#labels, [batchSize]) }),
    };
  }
}
