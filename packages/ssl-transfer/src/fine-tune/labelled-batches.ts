import { checkCount, foldIn, RandomStream } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { BatchLoader } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { batchRows, mapRows } from '../features/batch-rows.js';
import { checkLabels } from '../labels/check-labels.js';
import { gatherRows } from '../labels/gather-rows.js';
import type { LabelledBatch } from './classification-fine-tuning.js';

/** Options of {@link LabelledBatches}. */
export interface LabelledBatchesOptions<B> {
  /** All inputs: an `NdArray [n, ...]`, or a record or array of them. */
  readonly inputs: B;
  /** `[n]`, each 0 or more */
  readonly labels: Int32Array;
  /** Number of classes, to check the labels by. Default: the largest label + 1. */
  readonly classes?: number;
  readonly batchSize: number;
  readonly key: RandomKey;
  /** Changes a batch of inputs on the host; the key is the batch's own. */
  readonly augment?: (inputs: B, key: RandomKey) => B;
}

const labelledBatchesOptionNames: OptionNames<LabelledBatchesOptions<object>> = {
  inputs: 'required',
  labels: 'required',
  classes: 'optionalNumber',
  batchSize: 'requiredNumber',
  key: 'requiredKey',
  augment: 'optionalFunction',
};

/**
 * Shuffled batches of labelled arrays in memory. Passes over the data follow each other without a gap, so all batches are
 * full and no sample is seen twice before all others were seen, also where a batch is larger than the data.
 */
export class LabelledBatches<B> implements BatchLoader<LabelledBatch<B>> {
  readonly batchesPerEpoch: number;
  readonly #options: LabelledBatchesOptions<B>;
  readonly #rows: number;
  #shuffled: { readonly pass: number; readonly order: Uint32Array } | undefined;

  /** @throws InvalidOptionError for the batch size; ShapeError, DataError for inputs or labels that do not fit */
  constructor(options: LabelledBatchesOptions<B>) {
    checkOptions('LabelledBatches', options, labelledBatchesOptionNames);
    const { inputs, labels, batchSize, classes } = options;
    checkCount('LabelledBatches', { batchSize });
    this.#options = options;
    this.#rows = batchRows('LabelledBatches', inputs);
    checkLabels('LabelledBatches', 'labels', labels, this.#rows, classes);
    this.batchesPerEpoch = Math.ceil(this.#rows / batchSize);
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<LabelledBatch<B>> {
    for (let batch = fromBatch; batch < this.batchesPerEpoch; batch++)
      yield this.#batch(epoch * this.batchesPerEpoch + batch);
  }

  async close(): Promise<void> {}

  #batch(number: number): LabelledBatch<B> {
    const { inputs, labels, batchSize, key, augment } = this.#options;
    const rows = Int32Array.from({ length: batchSize }, (_, i) => this.#row(number * batchSize + i));
    const chosen = mapRows(inputs, (array) => gatherRows(array, rows));
    return {
      inputs: augment === undefined ? chosen : augment(chosen, foldIn(foldIn(key, 'augment'), number)),
      labels: { data: rows.map((row) => labels[row]!), shape: [batchSize] },
    };
  }

  #row(position: number): number {
    const pass = Math.floor(position / this.#rows);
    if (this.#shuffled?.pass !== pass)
      this.#shuffled = {
        pass,
        order: new RandomStream(foldIn(foldIn(this.#options.key, 'pass'), pass)).permutation(this.#rows),
      };
    return this.#shuffled.order[position % this.#rows]!;
  }
}
