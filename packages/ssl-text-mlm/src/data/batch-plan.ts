import {
  checkCount,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-tensor/host';

/** How sequences are put into batches. */
export interface BatchPlanOptions {
  /** Sequences in a batch. */
  readonly batchSize: number;
  /** Padded lengths, ascending; the last one must hold the longest sequence. */
  readonly bucketLengths: readonly number[];
  /** Leave a last, incomplete batch out. */
  readonly dropLast: boolean;
}

const batchPlanOptionNames: OptionNames<BatchPlanOptions> = {
  batchSize: 'requiredNumber',
  bucketLengths: 'required',
  dropLast: 'requiredFlag',
};

/** One batch of a plan. */
export interface PlannedBatch {
  /** Length to which every sequence is padded. */
  readonly length: number;
  /** Indices of the sequences; fewer than the batch size only in the last batch made. */
  readonly rows: readonly number[];
}

/**
 * Puts sequences of similar length together, so that little padding is computed and few shapes occur.
 *
 * Every sequence goes to the smallest bucket that holds it. What is left of a bucket after its full batches goes on to
 * the next larger one, so at most one batch of an epoch is incomplete. How many batches there are of each length
 * depends on the lengths alone, not on the key.
 *
 * @param lengths tokens of every sequence
 * @param key order of sequences and batches; without one, sequences stay in order within their bucket
 * @throws InvalidOptionError if the batch size is not positive, or the buckets do not ascend or are too short
 */
export function planBatches(lengths: ArrayLike<number>, options: BatchPlanOptions, key?: RandomKey): PlannedBatch[] {
  checkOptions('planBatches', options, batchPlanOptionNames);
  const { batchSize, bucketLengths, dropLast } = options;
  checkBuckets(lengths, options);
  const stream = key === undefined ? undefined : new RandomStream(key);
  const order: ArrayLike<number> =
    stream === undefined ? { length: lengths.length } : stream.permutation(lengths.length);
  const buckets: number[][] = bucketLengths.map(() => []);
  for (let i = 0; i < lengths.length; i++) {
    const row = stream === undefined ? i : order[i]!;
    buckets[bucketLengths.findIndex((length) => lengths[row]! <= length)]!.push(row);
  }
  const batches: PlannedBatch[] = [];
  let carried: number[] = [];
  buckets.forEach((bucket, index) => {
    const rows = [...carried, ...bucket];
    const full = Math.floor(rows.length / batchSize);
    for (let i = 0; i < full; i++)
      batches.push({ length: bucketLengths[index]!, rows: rows.slice(i * batchSize, (i + 1) * batchSize) });
    carried = rows.slice(full * batchSize);
  });
  if (carried.length > 0 && !dropLast) batches.push({ length: bucketLengths.at(-1)!, rows: carried });
  if (stream === undefined) return batches;
  return Array.from(stream.permutation(batches.length), (index) => batches[index]!);
}

function checkBuckets(lengths: ArrayLike<number>, { batchSize, bucketLengths }: BatchPlanOptions): void {
  checkCount('planBatches', { batchSize });
  if (
    bucketLengths.length === 0 ||
    bucketLengths.some((length, index) => !Number.isInteger(length) || length <= (bucketLengths[index - 1] ?? 0))
  ) {
    throw new InvalidOptionError(
      'planBatches',
      'bucketLengths',
      'ascending positive integers',
      bucketLengths.join(', '),
    );
  }
  let longest = 0;
  for (let i = 0; i < lengths.length; i++) longest = Math.max(longest, lengths[i]!);
  if (longest > bucketLengths.at(-1)!) {
    throw new InvalidOptionError(
      'planBatches',
      'bucketLengths',
      `up to at least ${longest}, the longest sequence (or encode with a smaller maxLength)`,
      bucketLengths.join(', '),
    );
  }
}
