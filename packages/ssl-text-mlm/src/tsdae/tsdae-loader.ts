import type { BatchLoader } from '@selfsup/ssl-data';
import {
  checkOptions,
  checkRate,
  DataError,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-tensor/host';
import { type BatchPlanOptions, planBatches } from '../data/batch-plan.js';
import { padRows, type PaddedRows } from '../data/pad-rows.js';
import { TokenDataset } from '../data/token-dataset.js';

/** A batch of texts of which tokens were deleted, and the whole texts. */
export interface TsdaeBatch extends PaddedRows {
  /** The texts as they were, of the same shape. */
  readonly whole: PaddedRows;
}

/** Options of {@link TsdaeLoader}. */
export interface TsdaeLoaderOptions {
  /** Texts with `[CLS]` and `[SEP]`, which stay. */
  readonly dataset: TokenDataset;
  /** Id that fills a sequence up. */
  readonly padId: number;
  readonly batchSize: number;
  /** Source of order and deletions. */
  readonly key: RandomKey;
  /** Chance that a token is deleted. Default 0.6. */
  readonly deletionRatio?: number;
  /** Padded lengths, ascending. Default: the longest sequence alone. */
  readonly bucketLengths?: readonly number[];
}

const tsdaeLoaderOptionNames: OptionNames<TsdaeLoaderOptions> = {
  dataset: 'required',
  padId: 'requiredNumber',
  batchSize: 'requiredNumber',
  key: 'requiredKey',
  deletionRatio: 'optionalNumber',
  bucketLengths: 'optional',
};

/** The best ratio of Wang et al. 2021, arXiv 2104.06979, section 7 (table of noise types and ratios). */
export const tsdaeNoise = { deletionRatio: 0.6 } as const;

/**
 * Batches for `Tsdae`, with tokens deleted anew each epoch; by (key, epoch, position) alone. At least one token of a text
 * stays beside the first and the last.
 *
 * Source: the deletion of arXiv 2104.06979, of tokens where the authors delete words.
 */
export class TsdaeLoader implements BatchLoader<TsdaeBatch> {
  readonly batchesPerEpoch: number;
  readonly #options: Required<Omit<TsdaeLoaderOptions, 'bucketLengths'>>;
  readonly #lengths: Int32Array;
  readonly #plan: BatchPlanOptions;

  /** @throws InvalidOptionError if an option is out of range; DataError for a text of nothing, or less than a batch */
  constructor(options: TsdaeLoaderOptions) {
    const where = 'TsdaeLoader';
    const given = { ...tsdaeNoise, ...checkOptions(where, options, tsdaeLoaderOptionNames) };
    const { dataset, padId, batchSize, deletionRatio } = given;
    if (!(Number.isInteger(padId) && padId >= 0))
      throw new InvalidOptionError(where, 'padId', 'an id, an integer of 0 or more', padId);
    checkRate(where, { deletionRatio });
    this.#options = given;
    this.#lengths = dataset.lengths();
    const short = this.#lengths.findIndex((length) => length < 3);
    if (short >= 0)
      throw new DataError(
        `${where}: sequence ${short} has ${this.#lengths[short]} tokens, and it takes one beside [CLS] and [SEP]; leave empty texts out, by dataset.subset`,
      );
    const bucketLengths = given.bucketLengths ?? [this.#lengths.reduce((a, b) => Math.max(a, b), 1)];
    this.#plan = { batchSize, bucketLengths, dropLast: true };
    this.batchesPerEpoch = planBatches(this.#lengths, this.#plan).length;
    if (this.batchesPerEpoch === 0)
      throw new DataError(`${where}: ${dataset.length} sequences do not fill one batch of ${batchSize}`);
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<TsdaeBatch> {
    const { dataset, padId, batchSize, deletionRatio } = this.#options;
    const key = foldIn(foldIn(this.#options.key, 'tsdae-loader'), epoch);
    const batches = planBatches(this.#lengths, this.#plan, foldIn(key, 'order'));
    for (let position = fromBatch; position < batches.length; position++) {
      const { rows, length } = batches[position]!;
      const stream = new RandomStream(foldIn(key, position));
      const noisy = TokenDataset.fromSequences(
        rows.map((row) => deleteTokens(dataset.get(row).ids, deletionRatio, stream)),
      );
      yield {
        ...padRows(noisy, [...rows.keys()], batchSize, length, padId),
        whole: padRows(dataset, rows, batchSize, length, padId),
      };
    }
  }

  async close(): Promise<void> {}
}

/** Ids without some, the first and the last and at least one between them among what stays. */
function deleteTokens(ids: Int32Array, ratio: number, stream: RandomStream): Int32Array {
  const inner = ids.subarray(1, -1);
  const kept = inner.filter(() => !stream.bernoulli(ratio));
  const some = kept.length > 0 ? kept : [inner[stream.integer(inner.length)]!];
  return Int32Array.from([ids[0]!, ...some, ids.at(-1)!]);
}
