import type { BatchLoader } from '@selfsup/ssl-data';
import {
  checkChoice,
  checkOptions,
  DataError,
  foldIn,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { countMaskable } from './count-maskable.js';
import { drawnTexts } from './drawn-texts.js';
import { maskTokens } from './mask-tokens.js';
import { choosesWords, type MaskingOptions, maskingOptions } from './masking-options.js';
import type { MaskingVocabulary } from './masking-units.js';
import { maskingVocabulary } from './masking-vocabulary.js';
import { type MaskableTexts, type MlmPlan, type MlmRows, packedPlan, paddedPlan } from './mlm-plan.js';
import { packRows, type PackedRows } from './pack-rows.js';
import { padRows, type PaddedRows } from './pad-rows.js';
import type { PairRows } from './row-types.js';
import type { SourceDraws, TokenSamples, TokenSource } from './token-source.js';

/** A batch for masked-language modelling; its shapes depend on the padded length alone. */
export interface MlmBatch extends PaddedRows, PairRows, Partial<Pick<PackedRows, 'segments' | 'positionIds'>> {
  /** `[masked]`, flat indices into `batch * tokens`, ascending. */
  readonly maskedPositions: NdArray<Int32Array>;
  /** `[masked]`, the tokens that were there. */
  readonly maskedLabels: NdArray<Int32Array>;
  /** `[masked]`, 1 = to predict, 0 = unused place. */
  readonly maskedWeights: NdArray<Float32Array>;
}

/** Options of {@link MlmLoader}. */
export interface MlmLoaderOptions {
  /** Sequences: a `TokenDataset`, or a view of a `TokenStore`. */
  readonly dataset: TokenSource;
  readonly tokenizer: TextTokenizer;
  /** Sequences in a batch; with `packing` blocks. */
  readonly batchSize: number;
  /** Source of order and masks. */
  readonly key: RandomKey;
  /** Padded lengths, ascending, for example `[16, 24, 32]`. Default: the longest sequence alone. */
  readonly bucketLengths?: readonly number[];
  /**
   * Put several texts into each block of the one length in `bucketLengths`, one after the other, with attention within each
   * text alone: no work for padding, and one shape. Batches then have `segments` and `positionIds`, and every text comes
   * once in an epoch; what the last batch lacks is padding. Default false.
   */
  readonly packing?: boolean;
  /**
   * Give batches of pairs `tokenTypeIds`, 0 for the first text and 1 for the second; `false` for encoders without segments
   * (RoBERTa, DistilBERT, ModernBERT), which tell texts apart by the separator. Default true.
   */
  readonly tokenTypes?: boolean;
  /** Default {@link bertMasking}. */
  readonly masking?: Partial<MaskingOptions>;
  /**
   * `training`: a new order and new masks each epoch, an incomplete last batch left out.
   * `evaluation`: every sequence once, the same masks each time; of a source that draws (`mixSources`, `sentencePairs`) what
   * it draws first. Default `training`.
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
  packing: 'optionalFlag',
  tokenTypes: 'optionalFlag',
  masking: 'optional',
  mode: 'optional',
  unmaskable: 'optional',
};

/**
 * Batches for masked-language modelling, masked anew each epoch.
 *
 * Order and masks depend on (key, epoch, position) alone, so an epoch can be entered at any batch. At least one token of
 * every text is masked. The number of places for masked tokens is fixed for each padded length: the expected number and
 * three standard deviations, and no fewer than one token, or word, of each text takes.
 *
 * With `packing` which lengths share a block is fixed, and which texts of these lengths do is drawn anew each epoch.
 */
export class MlmLoader implements BatchLoader<MlmBatch> {
  readonly batchesPerEpoch: number;
  /** Texts left out because they have nothing to mask. */
  readonly skipped: number;
  /** Share of the places of an epoch's batches that hold tokens; the rest is padding. */
  readonly fillRate: number;
  readonly #dataset: TokenSource;
  readonly #options: MlmLoaderOptions;
  readonly #masking: MaskingOptions;
  readonly #vocabulary: MaskingVocabulary;
  readonly #plan: MlmPlan;
  readonly #draws: SourceDraws | undefined;

  /**
   * @throws InvalidOptionError if an option is out of range
   * @throws DataError if the data set does not fill one batch, its ids exceed the vocabulary, or texts have nothing to mask
   */
  constructor(options: MlmLoaderOptions) {
    const {
      dataset,
      batchSize,
      masking = {},
      packing = false,
    } = checkOptions('MlmLoader', options, mlmLoaderOptionNames);
    this.#options = options;
    this.#masking = maskingOptions('MlmLoader', masking);
    this.#vocabulary = maskingVocabulary(options.tokenizer);
    const { vocabSize } = options.tokenizer;
    if (dataset.largestId >= vocabSize)
      throw new DataError(
        `the data set holds the id ${dataset.largestId}, the vocabulary ends at ${vocabSize - 1}; encode it with this tokeniser`,
      );
    const counted = countMaskable(dataset, this.#vocabulary, choosesWords(this.#masking));
    this.#dataset = checkMaskable(dataset, counted.tokens, options.unmaskable ?? 'refuse');
    this.skipped = dataset.length - this.#dataset.length;
    const kept = (counts: Int32Array): Int32Array =>
      this.skipped === 0 ? counts : counts.filter((_, row) => counted.tokens[row]! > 0);
    const all: MaskableTexts = {
      lengths: this.#dataset.lengths(),
      tokens: kept(counted.tokens),
      least: kept(counted.least),
    };
    this.#draws = this.#dataset.draws;
    const texts = drawnTexts(all, this.#draws);
    if (packing && texts.lengths.length > 0) checkPackable(this.#draws?.epoch(0) ?? this.#dataset);
    const bucketLengths = options.bucketLengths ?? [texts.lengths.reduce((a, b) => Math.max(a, b), 1)];
    const { maskProbability } = this.#masking;
    const shape = { batchSize, bucketLengths, dropLast: options.mode !== 'evaluation' };
    this.#plan = packing ? packedPlan(texts, shape, maskProbability) : paddedPlan(texts, shape, maskProbability);
    [this.batchesPerEpoch, this.fillRate] = [this.#plan.batches, this.#plan.fillRate];
    if (this.batchesPerEpoch === 0)
      throw new DataError(`${texts.lengths.length} sequences do not fill one batch of ${batchSize}`);
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<MlmBatch> {
    const fixed = this.#options.mode === 'evaluation';
    const key = foldIn(foldIn(this.#options.key, 'mlm-loader'), fixed ? 0 : epoch);
    const batches = this.#plan.epoch(fixed ? undefined : foldIn(key, 'order'));
    const samples = this.#draws?.epoch(fixed ? 0 : epoch) ?? this.#dataset;
    for (let position = fromBatch; position < this.#plan.batches; position++)
      yield this.#collate(samples, batches(position), foldIn(key, position));
  }

  async close(): Promise<void> {}

  #collate(samples: TokenSamples, batch: MlmRows, key: RandomKey): MlmBatch {
    const { tokenizer, batchSize, tokenTypes = true } = this.#options;
    const { length, places } = batch;
    const of = [batchSize, length, tokenizer.specialIds.pad] as const;
    const packed = batch.blocks === undefined ? undefined : packRows(samples, batch.blocks, ...of);
    const { tokenTypeIds, ...rows } = packed ?? padRows(samples, batch.rows, ...of);
    const texts = packed?.segments.data;
    const masked = maskTokens(rows.inputIds.data, length, this.#vocabulary, this.#masking, key, places, texts);
    const positions = new Int32Array(places);
    const labels = new Int32Array(places);
    positions.set(masked.positions);
    labels.set(masked.labels);
    return {
      ...rows,
      ...(tokenTypes && tokenTypeIds !== undefined ? { tokenTypeIds } : {}),
      maskedPositions: ndArray(positions, [places]),
      maskedLabels: ndArray(labels, [places]),
      maskedWeights: ndArray(new Float32Array(places).fill(1, 0, masked.positions.length), [places]),
    };
  }
}

/** The data set without texts that have nothing to mask. Throws where they are refused, or where no text is left. */
function checkMaskable(dataset: TokenSource, counts: Int32Array, unmaskable: 'refuse' | 'skip'): TokenSource {
  checkChoice('MlmLoader', 'unmaskable', unmaskable, ['refuse', 'skip']);
  let missing = 0;
  for (const count of counts) if (count === 0) missing++;
  if (missing === 0) return dataset;
  const found = `${missing} of ${dataset.length} texts have no token to mask, they are empty or of special and unknown tokens alone; the first is text ${counts.indexOf(0)}`;
  if (missing === counts.length) throw new DataError(`${found}. Check the vocabulary, and that the texts were read`);
  if (unmaskable === 'refuse')
    throw new DataError(`${found}. Take them out of the data, or pass unmaskable: 'skip' to MlmLoader`);
  return dataset.subset([...counts.keys()].filter((row) => counts[row]! > 0));
}

/** What a head tells of a pair it tells of the first token of a row, which may hold several. */
function checkPackable(samples: TokenSamples): void {
  const first = samples.get(0);
  if (!('pairLabel' in first) || first.pairLabel === undefined) return;
  const advice = 'Leave it out, and give bucketLengths';
  throw new InvalidOptionError(
    'MlmLoader',
    'packing',
    'false for pairs of which something is to be told',
    true,
    advice,
  );
}
