import {
  checkCount,
  checkInteger,
  checkOptions,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-core';

export interface ShardOrderOptions {
  /** A new order of the shards every epoch. Default true. */
  readonly shuffleShards?: boolean;
  /**
   * Samples among which each next one is drawn; 0 keeps the order within the shards, `Infinity` makes every order of
   * the rank's samples equally likely. Default 1,000.
   */
  readonly buffer?: number;
  /** Samples that are in the buffer before the first is drawn, at most `buffer`. Default 100. */
  readonly initial?: number;
  /** This process's number, 0-based. Default 0. */
  readonly rank?: number;
  /** Number of processes. Default 1. */
  readonly worldSize?: number;
  /** Draw shards with replacement, each rank by itself. Default false. */
  readonly resampled?: boolean;
  /** Samples per epoch and rank. Default, and without `resampled` the most: the whole part of samples / ranks. */
  readonly samplesPerEpoch?: number;
}

/** Names of {@link ShardOrderOptions}. */
export const shardOrderOptionNames: OptionNames<ShardOrderOptions> = {
  shuffleShards: 'optionalFlag',
  buffer: 'optionalNumber',
  initial: 'optionalNumber',
  rank: 'optionalNumber',
  worldSize: 'optionalNumber',
  resampled: 'optionalFlag',
  samplesPerEpoch: 'optionalNumber',
};

const where = 'shardOrder';

/** Defaults as in the Python package's `shuffle()`. */
export const shardOrderDefaults = { shuffleShards: true, buffer: 1000, initial: 100 } as const;

/**
 * Number of samples that {@link shardOrder} gives.
 *
 * @throws InvalidOptionError
 */
export function samplesPerEpoch(shardLengths: ArrayLike<number>, options: ShardOrderOptions = {}): number {
  const { rank = 0, worldSize = 1, resampled = false, buffer = 0, initial = 0 } = options;
  const refuse = (option: string, expected: string, actual: unknown): never => {
    throw new InvalidOptionError(where, option, expected, actual);
  };
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  checkCount(where, { worldSize });
  checkInteger(where, 'rank', rank, 0, worldSize - 1);
  if (buffer !== Infinity && !isCount(buffer)) refuse('buffer', 'an integer of 0 or more, or Infinity', buffer);
  checkCount(where, { initial }, 0);
  const total = Array.from(shardLengths).reduce((sum, length) => sum + length, 0);
  const share = Math.floor(total / worldSize);
  const { samplesPerEpoch: wanted = share } = options;
  if (total === 0) refuse('shardLengths', 'at least one sample', total);
  if (!isCount(wanted) || wanted < 1 || wanted > 2 ** 31 - 1 || (!resampled && wanted > share))
    refuse(
      'samplesPerEpoch',
      resampled ? 'a positive integer' : `an integer in [1, ${share}], or resampled: true`,
      wanted,
    );
  return wanted;
}

/**
 * Numbers of the samples of one epoch and rank, in an order that goes shard by shard, so that reading stays local.
 *
 * A function of its arguments alone: nothing is replayed to resume, and every rank can tell every other's samples.
 * 1. All ranks lay the samples out shard by shard, the shards in an order drawn from (key, epoch).
 * 2. That sequence is cut into `worldSize` parts of exactly `samplesPerEpoch` samples, so that every rank gets whole
 *    shards but for the first and last of its part, no two ranks the same sample, and all as many. What remains (fewer
 *    than `worldSize` samples, others each epoch) is left out. With `resampled`, each rank draws shards with replacement
 *    from (key, epoch, rank) instead, up to exactly `samplesPerEpoch` samples.
 * 3. The rank's part runs through a shuffle buffer, drawn from (key, epoch, rank): two samples go in for each that is
 *    drawn until the buffer is full, then one; drawing begins at `initial` samples.
 *
 * @param key of the seed
 * @param epoch 0-based
 * @param shardLengths samples of each shard, `[shards]`
 * @returns sample numbers, `[samplesPerEpoch]`
 * @throws InvalidOptionError
 * Source: `_shuffle`, `split_by_node` and `ResampledShards` of webdataset 1.0 (Python). Deviates: random numbers are
 * others; ranks get exactly equal parts, where `split_by_node` deals out whole shards; workers of one rank share its order.
 */
export function shardOrder(
  key: RandomKey,
  epoch: number,
  shardLengths: ArrayLike<number>,
  options: ShardOrderOptions = {},
): Int32Array {
  const { shuffleShards, buffer, initial } = {
    ...shardOrderDefaults,
    ...checkOptions('shardOrder', options, shardOrderOptionNames),
  };
  const { rank = 0, resampled = false } = options;
  const count = samplesPerEpoch(shardLengths, options);
  const epochKey = foldIn(key, epoch);
  const rankKey = foldIn(epochKey, rank);
  const starts = [0];
  for (let shard = 0; shard < shardLengths.length; shard++) starts.push(starts[shard]! + shardLengths[shard]!);
  const part = new Int32Array(count);
  let skip = resampled ? 0 : rank * count;
  let filled = 0;
  for (const shard of resampled
    ? drawnShards(new RandomStream(foldIn(rankKey, 'shards')), shardLengths)
    : orderedShards(shuffleShards ? new RandomStream(foldIn(epochKey, 'shards')) : undefined, shardLengths.length)) {
    const length = shardLengths[shard]!;
    for (let at = Math.min(skip, length); at < length && filled < count; at++) part[filled++] = starts[shard]! + at;
    skip = Math.max(0, skip - length);
    if (filled === count) break;
  }
  if (buffer < 2) return part;
  return throughBuffer(part, buffer, initial, new RandomStream(foldIn(rankKey, 'buffer')));
}

function orderedShards(random: RandomStream | undefined, count: number): Iterable<number> {
  return random === undefined ? Array.from({ length: count }, (_, shard) => shard) : random.permutation(count);
}

/** Shards with replacement, without end. */
function* drawnShards(random: RandomStream, shardLengths: ArrayLike<number>): Generator<number> {
  // An empty shard gives nothing; only such would never fill an epoch.
  const filled = Array.from({ length: shardLengths.length }, (_, shard) => shard).filter(
    (shard) => shardLengths[shard]! > 0,
  );
  for (;;) yield filled[random.integer(filled.length)]!;
}

function throughBuffer(numbers: Int32Array, size: number, initial: number, random: RandomStream): Int32Array {
  // A buffer for all is a permutation.
  if (size >= numbers.length) return Int32Array.from(random.permutation(numbers.length), (at) => numbers[at]!);
  const least = Math.max(1, Math.min(initial, size));
  const buffer: number[] = [];
  const result = new Int32Array(numbers.length);
  let drawn = 0;
  const draw = (): void => {
    const at = random.integer(buffer.length);
    const last = buffer.pop()!;
    if (at === buffer.length) result[drawn++] = last;
    else {
      result[drawn++] = buffer[at]!;
      buffer[at] = last;
    }
  };
  for (let next = 0; next < numbers.length;) {
    buffer.push(numbers[next++]!);
    if (buffer.length < size && next < numbers.length) buffer.push(numbers[next++]!);
    if (buffer.length >= least) draw();
  }
  while (buffer.length > 0) draw();
  return result;
}
