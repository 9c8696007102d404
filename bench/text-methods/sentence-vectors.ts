import type { NdArray } from '@selfsup/ssl-core';
import type { Encoder } from '@selfsup/ssl-nn';
import { type BertInputs, padRows, planBatches, type TextTokenizer, TokenDataset } from '@selfsup/ssl-text-mlm';
import { FeatureExtractor, gatherRows, spearmanCorrelation } from '@selfsup/ssl-transfer';
import type { GlossPair } from '../texts/noun-tree.js';

/** Rows of a batch. */
const batchSize = 64;

/** How texts become ids. */
export interface Reading {
  readonly tokenizer: TextTokenizer;
  readonly maxLength: number;
  readonly bucketLengths: readonly number[];
}

/** An encoder compiled once, for vectors of texts. */
export class SentenceVectors {
  readonly #extractor: FeatureExtractor<BertInputs>;
  readonly #reading: Reading;

  constructor(encoder: Encoder<BertInputs>, reading: Reading, threads: number) {
    this.#extractor = new FeatureExtractor((inputs: BertInputs) => encoder.forward(inputs), { threads });
    this.#reading = reading;
  }

  encoded(texts: readonly string[]): TokenDataset {
    const { tokenizer, maxLength } = this.#reading;
    return TokenDataset.fromTexts(tokenizer, texts, { maxLength });
  }

  /** `[texts, dim]`, in the order given; computed by similar length. */
  async of(dataset: TokenDataset): Promise<NdArray<Float32Array>> {
    const { tokenizer, bucketLengths } = this.#reading;
    const plan = planBatches(dataset.lengths(), { batchSize, bucketLengths, dropLast: false });
    const features = await this.#extractor.extract(
      plan.map(({ rows, length }) => padRows(dataset, rows, batchSize, length, tokenizer.specialIds.pad)),
    );
    // The last batch is filled up.
    const places = new Int32Array(dataset.length);
    plan.forEach(({ rows }, batch) => rows.forEach((row, at) => (places[row] = batch * batchSize + at)));
    return gatherRows(features, places);
  }

  dispose(): void {
    this.#extractor.dispose();
  }
}

/** Spearman's correlation of the cosines of pairs, of the first columns of their vectors, with their similarity. */
export function correlationOf(
  first: NdArray<Float32Array>,
  second: NdArray<Float32Array>,
  pairs: readonly GlossPair[],
  width = first.shape[1]!,
): number {
  const dim = first.shape[1]!;
  const cosines = pairs.map((_, pair) => {
    let [dot, xx, yy] = [0, 0, 0];
    for (let at = pair * dim; at < pair * dim + width; at++) {
      const [x, y] = [first.data[at]!, second.data[at]!];
      dot += x * y;
      xx += x * x;
      yy += y * y;
    }
    return dot / Math.sqrt(Math.max(xx * yy, Number.MIN_VALUE));
  });
  return spearmanCorrelation(
    cosines,
    pairs.map(({ similarity }) => similarity),
  );
}
