import type { BatchLoader } from '@selfsup/ssl-data';
import {
  checkCount,
  checkInteger,
  checkOptions,
  DataError,
  foldIn,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { type BatchPlanOptions, planBatches } from './batch-plan.js';
import type { PaddedRows } from './pad-rows.js';

/** A text or a pair as ids, with what is to be learnt of it. */
export interface TextExample<T> {
  readonly ids: ArrayLike<number>;
  /** Segments, as {@link framePair} makes them. All examples have them, or none. */
  readonly tokenTypeIds?: ArrayLike<number>;
  readonly target: T;
}

/** Makes arrays of the targets of a batch: `classTargets`, `tokenTargets`, `labelTargets`, `numberTargets`, `spanTargets`. */
export type Collate<T, C> = (
  targets: readonly T[],
  shape: { readonly batchSize: number; readonly length: number },
) => C;

/** Options of {@link TextExampleLoader}. */
export interface TextExampleLoaderOptions<T, C> {
  readonly examples: readonly TextExample<T>[];
  readonly collate: Collate<T, C>;
  /** Id that fills a row up. */
  readonly padId: number;
  readonly batchSize: number;
  /** Source of the order. */
  readonly key: RandomKey;
  /** Padded lengths, ascending. Default: the longest example alone. */
  readonly bucketLengths?: readonly number[];
  /**
   * `training`: a new order each epoch, an incomplete last batch left out.
   * `evaluation`: every example once. Default `training`.
   */
  readonly mode?: 'training' | 'evaluation';
}

const optionNames: OptionNames<TextExampleLoaderOptions<unknown, unknown>> = {
  examples: 'required',
  collate: 'requiredFunction',
  padId: 'requiredNumber',
  batchSize: 'requiredNumber',
  key: 'requiredKey',
  bucketLengths: 'optional',
  mode: 'optional',
};

/** Rows of a batch, with segments where the examples have them. */
export interface ExampleRows extends PaddedRows {
  /** `[batch, tokens]`. */
  readonly tokenTypeIds?: NdArray<Int32Array>;
}

/**
 * Batches of encoded texts or pairs for the methods with heads; the order depends on (key, epoch, position) alone.
 *
 * @example
 * const loader = new TextExampleLoader({ examples, collate: tokenTargets, padId: 0, batchSize: 16, key: randomKey(1) });
 */
export class TextExampleLoader<T, C extends object> implements BatchLoader<ExampleRows & C> {
  readonly batchesPerEpoch: number;
  readonly #options: TextExampleLoaderOptions<T, C>;
  readonly #lengths: number[];
  readonly #plan: BatchPlanOptions;
  readonly #hasSegments: boolean;

  /**
   * @throws InvalidOptionError if an option is out of range
   * @throws DataError if an example has no token, segments of another length or alone, or there are too few for a batch
   */
  constructor(options: TextExampleLoaderOptions<T, C>) {
    const where = 'TextExampleLoader';
    this.#options = checkOptions(where, options, optionNames as OptionNames<TextExampleLoaderOptions<T, C>>);
    const { examples, batchSize, padId, mode } = this.#options;
    if (!Array.isArray(examples)) throw new InvalidOptionError(where, 'examples', 'a list of examples', examples);
    checkInteger(where, 'padId', padId, 0);
    checkCount(where, { batchSize });
    this.#hasSegments = examples[0]?.tokenTypeIds !== undefined;
    this.#lengths = examples.map(({ ids, tokenTypeIds }, index) => {
      if (ids.length === 0) throw new DataError(`${where}: example ${index} has no token; leave it out`);
      if ((tokenTypeIds !== undefined) !== this.#hasSegments || (tokenTypeIds ?? ids).length !== ids.length)
        throw new DataError(
          `${where}: example ${index} must have tokenTypeIds as the first one has, one for each of its ${ids.length} ids`,
        );
      return ids.length;
    });
    const bucketLengths = options.bucketLengths ?? [this.#lengths.reduce((a, b) => Math.max(a, b), 1)];
    this.#plan = { batchSize, bucketLengths, dropLast: mode !== 'evaluation' };
    this.batchesPerEpoch = planBatches(this.#lengths, this.#plan).length;
    if (this.batchesPerEpoch === 0)
      throw new DataError(`${where}: ${examples.length} examples do not fill one batch of ${batchSize}`);
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<ExampleRows & C> {
    const { examples, batchSize, mode, key, collate } = this.#options;
    const order = foldIn(foldIn(key, 'text-example-loader'), epoch);
    const batches = planBatches(this.#lengths, this.#plan, mode === 'evaluation' ? undefined : order);
    for (const { rows, length } of batches.slice(fromBatch)) {
      const chosen = rows.map((row) => examples[row]!);
      yield {
        ...this.#padded(chosen, length),
        ...collate(
          chosen.map(({ target }) => target),
          { batchSize, length },
        ),
      };
    }
  }

  async close(): Promise<void> {}

  #padded(chosen: readonly TextExample<T>[], length: number): ExampleRows {
    const { batchSize, padId } = this.#options;
    const block = (fill: number, row: (example: TextExample<T>) => ArrayLike<number>): NdArray<Int32Array> => {
      const data = new Int32Array(batchSize * length).fill(fill);
      chosen.forEach((example, index) => data.set(row(example), index * length));
      return ndArray(data, [batchSize, length]);
    };
    return {
      inputIds: block(padId, ({ ids }) => ids),
      attentionMask: block(0, ({ ids }) => new Uint8Array(ids.length).fill(1)),
      ...(this.#hasSegments ? { tokenTypeIds: block(0, ({ tokenTypeIds }) => tokenTypeIds!) } : {}),
    };
  }
}
