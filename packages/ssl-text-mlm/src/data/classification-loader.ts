import type { BatchLoader } from '@selfsup/ssl-data';
import {
  checkLabels,
  checkOptions,
  DataError,
  foldIn,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { planBatches, type BatchPlanOptions } from './batch-plan.js';
import { padRows, type PaddedRows } from './pad-rows.js';
import type { TokenDataset } from './token-dataset.js';

/** A batch of labelled sequences. */
export interface ClassificationBatch extends PaddedRows {
  /** `[batch]`. */
  readonly labels: NdArray<Int32Array>;
  /** `[batch]`, 1 = sequence, 0 = row that only fills the batch. */
  readonly weights: NdArray<Float32Array>;
}

/** Options of {@link ClassificationLoader}. */
export interface ClassificationLoaderOptions {
  /** A data set with a label of each sequence. */
  readonly dataset: TokenDataset;
  /** Id that fills a sequence up. */
  readonly padId: number;
  readonly batchSize: number;
  /** Source of the order. */
  readonly key: RandomKey;
  /** Padded lengths, ascending. Default: the longest sequence alone. */
  readonly bucketLengths?: readonly number[];
  /**
   * `training`: a new order each epoch, an incomplete last batch left out.
   * `evaluation`: every sequence once; without buckets in the data set's order. Default `training`.
   */
  readonly mode?: 'training' | 'evaluation';
  /** Number of classes, to check the labels by: the model's `numLabels`. Default: the largest label + 1. */
  readonly classes?: number;
}

const classificationLoaderOptionNames: OptionNames<ClassificationLoaderOptions> = {
  dataset: 'required',
  padId: 'requiredNumber',
  batchSize: 'requiredNumber',
  key: 'requiredKey',
  bucketLengths: 'optional',
  mode: 'optional',
  classes: 'optionalNumber',
};

/** Batches of labelled sequences; order depends on (key, epoch, position) alone. */
export class ClassificationLoader implements BatchLoader<ClassificationBatch> {
  readonly batchesPerEpoch: number;
  /** Number of classes. */
  readonly classes: number;
  readonly #options: ClassificationLoaderOptions;
  readonly #labels: Int32Array;
  readonly #lengths: Int32Array;
  readonly #plan: BatchPlanOptions;

  /**
   * @throws InvalidOptionError if an option is out of range
   * @throws DataError if the data set has no labels, some sequence has none (-1), one outside the classes or no
   *   token, or it does not fill one batch
   */
  constructor(options: ClassificationLoaderOptions) {
    checkOptions('ClassificationLoader', options, classificationLoaderOptionNames);
    const { dataset, batchSize } = options;
    if (dataset.labels === undefined)
      throw new DataError('the data set has no labels; pass labels to TokenDataset.fromTexts');
    if (!(Number.isInteger(options.padId) && options.padId >= 0))
      throw new InvalidOptionError('ClassificationLoader', 'padId', 'an id, an integer of 0 or more', options.padId);
    const empty = dataset.lengths().indexOf(0);
    if (empty >= 0)
      throw new DataError(
        `ClassificationLoader: sequence ${empty} has no token, not even [CLS], whose place is what is classified; encode with special tokens, or leave it out`,
      );
    this.classes = checkLabels('ClassificationLoader', 'labels', dataset.labels, { classes: options.classes });
    this.#options = options;
    this.#labels = dataset.labels;
    this.#lengths = dataset.lengths();
    const bucketLengths = options.bucketLengths ?? [this.#lengths.reduce((a, b) => Math.max(a, b), 1)];
    this.#plan = { batchSize, bucketLengths, dropLast: options.mode !== 'evaluation' };
    this.batchesPerEpoch = planBatches(this.#lengths, this.#plan).length;
    if (this.batchesPerEpoch === 0)
      throw new DataError(`${dataset.length} sequences do not fill one batch of ${batchSize}`);
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<ClassificationBatch> {
    const { dataset, batchSize, padId, mode, key } = this.#options;
    const order = foldIn(foldIn(key, 'classification-loader'), epoch);
    const batches = planBatches(this.#lengths, this.#plan, mode === 'evaluation' ? undefined : order);
    for (const { rows, length } of batches.slice(fromBatch)) {
      const labels = new Int32Array(batchSize);
      rows.forEach((row, index) => (labels[index] = this.#labels[row]!));
      yield {
        ...padRows(dataset, rows, batchSize, length, padId),
        labels: ndArray(labels, [batchSize]),
        weights: ndArray(new Float32Array(batchSize).fill(1, 0, rows.length), [batchSize]),
      };
    }
  }

  async close(): Promise<void> {}
}
