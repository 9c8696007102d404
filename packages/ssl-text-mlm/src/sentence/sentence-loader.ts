import type { BatchLoader } from '@selfsup/ssl-data';
import {
  checkOptions,
  DataError,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { type BatchPlanOptions, planBatches } from '../data/batch-plan.js';
import type { MlmBatch } from '../data/mlm-loader.js';
import { padRows, type PaddedRows } from '../data/pad-rows.js';
import type { TokenDataset } from '../data/token-dataset.js';

/** A batch of sentences, and of what belongs to each; all padded to one length. */
export interface SentenceBatch extends PaddedRows {
  /** Row `i` follows from, paraphrases or answers sentence `i`. */
  readonly positives?: PaddedRows;
  /** Row `i` looks like sentence `i` and does not follow from it. */
  readonly hardNegatives?: PaddedRows;
  /** Masked texts, for an auxiliary loss. */
  readonly mlm?: MlmBatch;
}

/** Options of {@link SentenceLoader}. */
export interface SentenceLoaderOptions {
  /** The sentences, with `[CLS]` and `[SEP]`. */
  readonly sentences: TokenDataset;
  /** As many: a positive for each sentence. */
  readonly positives?: TokenDataset;
  /** As many: a hard negative for each sentence. */
  readonly hardNegatives?: TokenDataset;
  /** Id that fills a sequence up. */
  readonly padId: number;
  readonly batchSize: number;
  /** Source of the order. */
  readonly key: RandomKey;
  /** Padded lengths, ascending. Default: the longest sequence alone. */
  readonly bucketLengths?: readonly number[];
  /** Masked texts that come along, of as many batches an epoch, such as an `MlmLoader` of the same sentences. */
  readonly mlm?: BatchLoader<MlmBatch>;
}

const sentenceLoaderOptionNames: OptionNames<SentenceLoaderOptions> = {
  sentences: 'required',
  positives: 'optional',
  hardNegatives: 'optional',
  padId: 'requiredNumber',
  batchSize: 'requiredNumber',
  key: 'requiredKey',
  bucketLengths: 'optional',
  mlm: 'optional',
};

/** Batches of sentences, pairs or triplets in a new order each epoch, which depends on (key, epoch, position) alone. */
export class SentenceLoader implements BatchLoader<SentenceBatch> {
  readonly batchesPerEpoch: number;
  readonly #options: SentenceLoaderOptions;
  readonly #lengths: Int32Array;
  readonly #plan: BatchPlanOptions;

  /**
   * @throws InvalidOptionError if an option is out of range, and for hard negatives without positives
   * @throws DataError if the data sets differ in length, a sequence has no token, they do not fill one batch, or `mlm` has
   *   another number of batches
   */
  constructor(options: SentenceLoaderOptions) {
    const where = 'SentenceLoader';
    const given = checkOptions(where, options, sentenceLoaderOptionNames);
    const { sentences, positives, hardNegatives, padId, batchSize, mlm } = given;
    if (!(Number.isInteger(padId) && padId >= 0))
      throw new InvalidOptionError(where, 'padId', 'an id, an integer of 0 or more', padId);
    if (positives === undefined && hardNegatives !== undefined)
      throw new InvalidOptionError(where, 'positives', 'given where there are hardNegatives', positives);
    this.#options = given;
    this.#lengths = longest({ sentences, positives, hardNegatives });
    const bucketLengths = given.bucketLengths ?? [this.#lengths.reduce((a, b) => Math.max(a, b), 1)];
    this.#plan = { batchSize, bucketLengths, dropLast: true };
    this.batchesPerEpoch = planBatches(this.#lengths, this.#plan).length;
    if (this.batchesPerEpoch === 0)
      throw new DataError(`${where}: ${sentences.length} sentences do not fill one batch of ${batchSize}`);
    if (mlm !== undefined && mlm.batchesPerEpoch !== this.batchesPerEpoch)
      throw new DataError(
        `${where}: mlm has ${mlm.batchesPerEpoch} batches an epoch, the sentences have ${this.batchesPerEpoch}; make it of as many texts, with the same batchSize`,
      );
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<SentenceBatch> {
    const { sentences, positives, hardNegatives, padId, batchSize, key, mlm } = this.#options;
    const batches = planBatches(this.#lengths, this.#plan, foldIn(foldIn(key, 'sentence-loader'), epoch));
    const masked = mlm?.epoch(epoch, fromBatch)[Symbol.asyncIterator]();
    try {
      for (const { rows, length } of batches.slice(fromBatch)) {
        const padded = (dataset: TokenDataset): PaddedRows => padRows(dataset, rows, batchSize, length, padId);
        const next = await masked?.next();
        yield {
          ...padded(sentences),
          ...(positives === undefined ? {} : { positives: padded(positives) }),
          ...(hardNegatives === undefined ? {} : { hardNegatives: padded(hardNegatives) }),
          ...(next === undefined ? {} : { mlm: next.value as MlmBatch }),
        };
      }
    } finally {
      await masked?.return?.();
    }
  }

  async close(): Promise<void> {
    await this.#options.mlm?.close();
  }
}

/** Tokens of the longest member of each row. Throws where the data sets do not belong together, and for empty sequences. */
function longest(parts: Readonly<Record<string, TokenDataset | undefined>>): Int32Array {
  const lengths = new Int32Array(parts['sentences']!.length);
  for (const [name, dataset] of Object.entries(parts)) {
    if (dataset === undefined) continue;
    if (dataset.length !== lengths.length)
      throw new DataError(
        `SentenceLoader: ${name} has ${dataset.length} sequences, there are ${lengths.length} sentences; give one for each`,
      );
    dataset.lengths().forEach((length, row) => {
      if (length === 0)
        throw new DataError(
          `SentenceLoader: sequence ${row} of ${name} has no token; encode with special tokens, or leave the row out`,
        );
      lengths[row] = Math.max(lengths[row]!, length);
    });
  }
  return lengths;
}
