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

/** Batches by their position, 4 bytes a sequence and 4 a batch: what a plan of millions is held as. */
export interface BatchArrangement {
  readonly batches: number;
  /** Length to which every sequence of a batch is padded. */
  readonly lengthOf: (position: number) => number;
  /** Numbers of a batch's sequences, a view. */
  readonly rowsOf: (position: number) => Int32Array;
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
  const { batches, lengthOf, rowsOf } = arrangeBatches(lengths, options, key);
  return Array.from({ length: batches }, (_, at) => ({ length: lengthOf(at), rows: [...rowsOf(at)] }));
}

/** The batches of {@link planBatches}. */
export function arrangeBatches(
  lengths: ArrayLike<number>,
  options: BatchPlanOptions,
  key?: RandomKey,
): BatchArrangement {
  checkOptions('planBatches', options, batchPlanOptionNames);
  const { batchSize, bucketLengths, dropLast } = options;
  checkBuckets(lengths, options);
  const stream = key === undefined ? undefined : new RandomStream(key);
  const count = lengths.length;
  const bucketOf = (row: number): number => bucketLengths.findIndex((length) => lengths[row]! <= length);
  // Bucket after bucket; batches are stretches of that, so that what is left of one is the beginning of the next.
  const next = new Int32Array(bucketLengths.length + 1);
  for (let row = 0; row < count; row++) next[bucketOf(row) + 1]!++;
  for (let bucket = 1; bucket < next.length; bucket++) next[bucket]! += next[bucket - 1]!;
  const rows = new Int32Array(count);
  const order = stream?.permutation(count);
  for (let at = 0; at < count; at++) {
    const row = order === undefined ? at : order[at]!;
    rows[next[bucketOf(row)]!++] = row;
  }
  const batches = dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
  const turns = stream?.permutation(batches);
  const startOf = (position: number): number => (turns === undefined ? position : turns[position]!) * batchSize;
  return {
    batches,
    lengthOf: (position) => {
      const last = rows[startOf(position) + batchSize - 1];
      return last === undefined ? bucketLengths.at(-1)! : bucketLengths[bucketOf(last)]!;
    },
    rowsOf: (position) => rows.subarray(startOf(position), startOf(position) + batchSize),
  };
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
