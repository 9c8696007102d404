import type { BatchLoader } from '@selfsup/ssl-data';
import {
  checkChoice,
  checkOptions,
  checkShare,
  DataError,
  foldIn,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { planBatches, type BatchPlanOptions, type PlannedBatch } from './batch-plan.js';
import { bertMasking, maskableTokens, maskTokens, type MaskingOptions, type MaskingVocabulary } from './mask-tokens.js';
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
  readonly tokenizer: TextTokenizer;
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
  /**
   * Texts that have nothing to mask: empty ones, and ones of special and unknown tokens alone. `refuse` them, or `skip`
   * them; `skipped` then says how many. Default `refuse`.
   */
  readonly unmaskable?: 'refuse' | 'skip';
}

const mlmLoaderOptionNames: OptionNames<MlmLoaderOptions> = {
  dataset: 'required',
  tokenizer: 'required',
  batchSize: 'requiredNumber',
  key: 'requiredKey',
  bucketLengths: 'optional',
  masking: 'optional',
  mode: 'optional',
  unmaskable: 'optional',
};

const partialMaskingNames: OptionNames<Partial<MaskingOptions>> = {
  maskProbability: 'optionalNumber',
  maskTokenShare: 'optionalNumber',
  randomTokenShare: 'optionalNumber',
  wholeWords: 'optionalFlag',
};

/**
 * Batches for masked-language modelling, masked anew each epoch.
 *
 * Order and masks depend on (key, epoch, position) alone, so an epoch can be entered at any batch. At least one token of
 * every text is masked. The number of places for masked tokens is fixed for each padded length: the expected number and
 * three standard deviations, and no fewer than one token, or word, of each text takes.
 */
export class MlmLoader implements BatchLoader<MlmBatch> {
  readonly batchesPerEpoch: number;
  /** Texts left out because they have nothing to mask. */
  readonly skipped: number;
  readonly #dataset: TokenDataset;
  readonly #options: MlmLoaderOptions;
  readonly #masking: MaskingOptions;
  readonly #vocabulary: MaskingVocabulary;
  readonly #lengths: Int32Array;
  readonly #plan: BatchPlanOptions;
  readonly #places: ReadonlyMap<number, number>;

  /**
   * @throws InvalidOptionError if an option is out of range
   * @throws DataError if the data set does not fill one batch, its ids exceed the vocabulary, or texts have nothing to mask
   */
  constructor(options: MlmLoaderOptions) {
    const { dataset, batchSize, masking = {} } = checkOptions('MlmLoader', options, mlmLoaderOptionNames);
    this.#options = options;
    this.#masking = { ...bertMasking, ...checkOptions('MlmLoader', masking, partialMaskingNames, 'masking') };
    checkMasking(this.#masking);
    this.#vocabulary = maskingVocabulary(options.tokenizer);
    const beyond = dataset.tokens.find((id) => id < 0 || id >= options.tokenizer.vocabSize);
    if (beyond !== undefined)
      throw new DataError(
        `the data set holds the id ${beyond}, the vocabulary ends at ${options.tokenizer.vocabSize - 1}; encode it with this tokeniser`,
      );
    const { wholeWords } = this.#masking;
    const counts = new Int32Array(dataset.length);
    const least = new Int32Array(dataset.length);
    for (let row = 0; row < dataset.length; row++) {
      const maskable = maskableTokens(dataset.get(row).ids, this.#vocabulary, wholeWords);
      counts[row] = maskable.tokens;
      least[row] = maskable.least;
    }
    this.#dataset = checkMaskable(dataset, counts, options.unmaskable ?? 'refuse');
    this.skipped = dataset.length - this.#dataset.length;
    const maskable = counts.filter((count) => count > 0);
    this.#lengths = this.#dataset.lengths();
    const bucketLengths = options.bucketLengths ?? [this.#lengths.reduce((a, b) => Math.max(a, b), 1)];
    this.#plan = { batchSize, bucketLengths, dropLast: options.mode !== 'evaluation' };
    const batches = planBatches(this.#lengths, this.#plan);
    this.batchesPerEpoch = batches.length;
    if (batches.length === 0) throw new DataError(`${maskable.length} sequences do not fill one batch of ${batchSize}`);
    // One token, or word, of each text of any batch.
    const needed = least
      .sort()
      .subarray(-batchSize)
      .reduce((a, b) => a + b, 0);
    this.#places = this.#countPlaces(batches, maskable, needed);
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
    const { tokenizer, batchSize } = this.#options;
    const padded = padRows(this.#dataset, batch.rows, batchSize, batch.length, tokenizer.specialIds.pad);
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
  #countPlaces(batches: readonly PlannedBatch[], tokens: Int32Array, needed: number): Map<number, number> {
    const { batchSize } = this.#options;
    const maskable = new Map<number, number[]>();
    for (const { length, rows } of batches) {
      const counts = maskable.get(length) ?? [];
      for (const row of rows) counts.push(tokens[row]!);
      maskable.set(length, counts);
    }
    const places = new Map<number, number>();
    for (const [length, counts] of maskable) {
      const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
      const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
      const most = counts.reduce((a, b) => Math.max(a, b), 0) * batchSize;
      const expected = Math.min(most, batchSize * mean + 3 * Math.sqrt(batchSize * variance));
      places.set(length, Math.max(needed, Math.ceil(this.#masking.maskProbability * expected)));
    }
    return places;
  }
}

/** The data set without texts that have nothing to mask. Throws where they are refused, or where no text is left. */
function checkMaskable(dataset: TokenDataset, counts: Int32Array, unmaskable: 'refuse' | 'skip'): TokenDataset {
  checkChoice('MlmLoader', 'unmaskable', unmaskable, ['refuse', 'skip']);
  const kept = [...counts.keys()].filter((row) => counts[row]! > 0);
  const missing = dataset.length - kept.length;
  if (missing === 0) return dataset;
  const found = `${missing} of ${dataset.length} texts have no token to mask, they are empty or of special and unknown tokens alone; the first is text ${counts.indexOf(0)}`;
  if (kept.length === 0) throw new DataError(`${found}. Check the vocabulary, and that the texts were read`);
  if (unmaskable === 'refuse')
    throw new DataError(`${found}. Take them out of the data, or pass unmaskable: 'skip' to MlmLoader`);
  return dataset.subset(kept);
}

function checkMasking(masking: MaskingOptions): void {
  const { maskProbability, maskTokenShare, randomTokenShare } = masking;
  if (!(maskProbability > 0 && maskProbability <= 1))
    throw new InvalidOptionError('MlmLoader', 'masking.maskProbability', 'above 0 and at most 1', maskProbability);
  for (const [name, share] of Object.entries({ maskTokenShare, randomTokenShare })) {
    checkShare('MlmLoader', { [`masking.${name}`]: share });
  }
  if (maskTokenShare + randomTokenShare > 1 + 1e-9)
    throw new InvalidOptionError(
      'MlmLoader',
      'masking.randomTokenShare',
      `at most ${1 - maskTokenShare}`,
      randomTokenShare,
    );
}
