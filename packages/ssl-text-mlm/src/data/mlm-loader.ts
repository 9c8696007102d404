import type { BatchLoader } from 'ssl-data';
import { DataError, foldIn, InvalidOptionError, ndArray, type NdArray, type RandomKey } from 'ssl-tensor/host';
import type { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { planBatches, type BatchPlanOptions, type PlannedBatch } from './batch-plan.js';
import { bertMasking, maskTokens, type MaskingOptions, type MaskingVocabulary } from './mask-tokens.js';
import { maskingVocabulary } from './masking-vocabulary.js';
import { padRows, type PaddedRows } from './pad-rows.js';
import type { TokenDataset } from './token-dataset.js';

/** A batch for masked-language modelling; its shapes depend on the padded length alone. */
export interface MlmBatch extends PaddedRows {
  /** `[masked]`, flat indices into `batch * tokens`, ascending. */
  readonly maskedPositions: NdArray<Int32Array>;
  /** `[masked]`, the tokens that were there. */
  readonly maskedLabels: NdArray<Int32Array>;
  /** `[masked]`, 1 = to predict, 0 = unused place. */
  readonly maskedWeights: NdArray<Float32Array>;
}

/** Options of {@link MlmLoader}. */
export interface MlmLoaderOptions {
  readonly dataset: TokenDataset;
  readonly tokenizer: WordPieceTokenizer;
  /** Sequences in a batch. */
  readonly batchSize: number;
  /** Source of order and masks. */
  readonly key: RandomKey;
  /** Padded lengths, ascending, for example `[16, 24, 32]`. Default: the longest sequence alone. */
  readonly bucketLengths?: readonly number[];
  /** Default {@link bertMasking}. */
  readonly masking?: Partial<MaskingOptions>;
  /**
   * `training`: a new order and new masks each epoch, an incomplete last batch left out.
   * `evaluation`: every sequence once, the same masks each time. Default `training`.
   */
  readonly mode?: 'training' | 'evaluation';
}

/**
 * Batches for masked-language modelling, masked anew each epoch.
 *
 * Order and masks depend on (key, epoch, position) alone, so an epoch can be entered at any batch. The number of places
 * for masked tokens is fixed for each padded length: the expected number and three standard deviations.
 */
export class MlmLoader implements BatchLoader<MlmBatch> {
  readonly batchesPerEpoch: number;
  readonly #options: MlmLoaderOptions;
  readonly #masking: MaskingOptions;
  readonly #vocabulary: MaskingVocabulary;
  readonly #lengths: Int32Array;
  readonly #plan: BatchPlanOptions;
  readonly #places: ReadonlyMap<number, number>;

  /**
   * @throws InvalidOptionError if an option is out of range
   * @throws DataError if the data set does not fill one batch, or its ids exceed the vocabulary
   */
  constructor(options: MlmLoaderOptions) {
    const { dataset, batchSize } = options;
    this.#options = options;
    this.#masking = { ...bertMasking, ...options.masking };
    checkMasking(this.#masking);
    this.#vocabulary = maskingVocabulary(options.tokenizer);
    const beyond = dataset.tokens.find((id) => id < 0 || id >= options.tokenizer.vocabSize);
    if (beyond !== undefined)
      throw new DataError(
        `the data set holds the id ${beyond}, the vocabulary ends at ${options.tokenizer.vocabSize - 1}; encode it with this tokeniser`,
      );
    this.#lengths = dataset.lengths();
    const bucketLengths = options.bucketLengths ?? [this.#lengths.reduce((a, b) => Math.max(a, b), 1)];
    this.#plan = { batchSize, bucketLengths, dropLast: options.mode !== 'evaluation' };
    const batches = planBatches(this.#lengths, this.#plan);
    this.batchesPerEpoch = batches.length;
    if (batches.length === 0) throw new DataError(`${dataset.length} sequences do not fill one batch of ${batchSize}`);
    this.#places = this.#countPlaces(batches);
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<MlmBatch> {
    const fixed = this.#options.mode === 'evaluation';
    const key = foldIn(foldIn(this.#options.key, 'mlm-loader'), fixed ? 0 : epoch);
    const batches = planBatches(this.#lengths, this.#plan, fixed ? undefined : foldIn(key, 'order'));
    for (let position = fromBatch; position < batches.length; position++)
      yield this.#collate(batches[position]!, foldIn(key, position));
  }

  async close(): Promise<void> {}

  #collate(batch: PlannedBatch, key: RandomKey): MlmBatch {
    const { dataset, tokenizer, batchSize } = this.#options;
    const padded = padRows(dataset, batch.rows, batchSize, batch.length, tokenizer.specialIds.pad);
    const places = this.#places.get(batch.length)!;
    const masked = maskTokens(padded.inputIds.data, batch.length, this.#vocabulary, this.#masking, key, places);
    const positions = new Int32Array(places);
    const labels = new Int32Array(places);
    positions.set(masked.positions);
    labels.set(masked.labels);
    return {
      ...padded,
      maskedPositions: ndArray(positions, [places]),
      maskedLabels: ndArray(labels, [places]),
      maskedWeights: ndArray(new Float32Array(places).fill(1, 0, masked.positions.length), [places]),
    };
  }

  /** Places for masked tokens of each padded length, from the sequences that are usually padded to it. */
  #countPlaces(batches: readonly PlannedBatch[]): Map<number, number> {
    const { dataset, batchSize } = this.#options;
    const maskable = new Map<number, number[]>();
    for (const { length, rows } of batches) {
      const counts = maskable.get(length) ?? [];
      for (const row of rows)
        counts.push(dataset.get(row).ids.reduce((sum, id) => sum + 1 - this.#vocabulary.special[id]!, 0));
      maskable.set(length, counts);
    }
    const places = new Map<number, number>();
    for (const [length, counts] of maskable) {
      const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
      const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
      const most = counts.reduce((a, b) => Math.max(a, b), 0) * batchSize;
      const expected = Math.min(most, batchSize * mean + 3 * Math.sqrt(batchSize * variance));
      places.set(length, Math.max(1, Math.ceil(this.#masking.maskProbability * expected)));
    }
    return places;
  }
}

function checkMasking(masking: MaskingOptions): void {
  const { maskProbability, maskTokenShare, randomTokenShare } = masking;
  if (!(maskProbability > 0 && maskProbability <= 1))
    throw new InvalidOptionError('MlmLoader', 'masking.maskProbability', 'above 0 and at most 1', maskProbability);
  for (const [name, share] of Object.entries({ maskTokenShare, randomTokenShare })) {
    if (!(share >= 0 && share <= 1)) throw new InvalidOptionError('MlmLoader', `masking.${name}`, 'from 0 to 1', share);
  }
  if (maskTokenShare + randomTokenShare > 1 + 1e-9)
    throw new InvalidOptionError(
      'MlmLoader',
      'masking.randomTokenShare',
      `at most ${1 - maskTokenShare}`,
      randomTokenShare,
    );
}
