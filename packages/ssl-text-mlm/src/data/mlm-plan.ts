import { checkCount, foldIn, InvalidOptionError, type RandomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { arrangeBatches, type BatchPlanOptions } from './batch-plan.js';
import type { MaskableCounts } from './count-maskable.js';
import { type BlockPattern, fillBlocks, planBlocks } from './pack-blocks.js';

/** Rows of one batch. */
export interface MlmRows {
  readonly length: number;
  /** Sequences, one a row; or where several share a row `blocks`. */
  readonly rows: ArrayLike<number>;
  readonly blocks?: readonly ArrayLike<number>[];
  /** Places for masked tokens. */
  readonly places: number;
}

/** How sequences are put into the batches of each epoch. */
export interface MlmPlan {
  readonly batches: number;
  /** Share of the places that hold tokens. */
  readonly fillRate: number;
  /** Batches of an epoch by position; without a key sequences come in order. */
  epoch(key?: RandomKey): (position: number) => MlmRows;
}

/** Lengths of sequences and what there is to mask in each. */
export interface MaskableTexts extends MaskableCounts {
  readonly lengths: Int32Array;
}

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let at = 0; at < values.length; at++) total += values[at]!;
  return total;
};

/** Sum of the largest `count` of small whole numbers. */
function sumOfLargest(values: Int32Array, count: number): number {
  const times = new Int32Array(values.reduce((a, b) => Math.max(a, b), 0) + 1);
  for (const value of values) times[value]!++;
  let [total, left] = [0, count];
  for (let value = times.length - 1; value > 0 && left > 0; value--) {
    const taken = Math.min(left, times[value]!);
    total += taken * value;
    left -= taken;
  }
  return total;
}

/** Places for masked tokens of a batch of so many rows: the expected number and three standard deviations. */
function placesOf(maskable: ArrayLike<number>, batchSize: number, maskProbability: number, needed: number): number {
  const mean = sum(maskable) / maskable.length;
  let [variance, largest] = [0, 0];
  for (let at = 0; at < maskable.length; at++) {
    variance += (maskable[at]! - mean) ** 2 / maskable.length;
    largest = Math.max(largest, maskable[at]!);
  }
  const expected = Math.min(largest * batchSize, batchSize * mean + 3 * Math.sqrt(batchSize * variance));
  return Math.max(needed, Math.ceil(maskProbability * expected));
}

/** A sequence a row, of similar length together. */
export function paddedPlan(texts: MaskableTexts, shape: BatchPlanOptions, maskProbability: number): MlmPlan {
  const { lengths } = texts;
  const { batches, ...counted } = countBatches(texts, shape, maskProbability);
  return {
    batches,
    fillRate: counted.fillRate,
    epoch: (key) => {
      const { lengthOf, rowsOf } = arrangeBatches(lengths, shape, key);
      return (position) => {
        const length = lengthOf(position);
        return { length, rows: rowsOf(position), places: counted.places.get(length)! };
      };
    },
  };
}

/** What is the same in every epoch. By itself, so that what it counts by is not kept. */
function countBatches(
  { lengths, tokens, least }: MaskableTexts,
  shape: BatchPlanOptions,
  maskProbability: number,
): { readonly batches: number; readonly fillRate: number; readonly places: ReadonlyMap<number, number> } {
  const { batchSize } = shape;
  const { batches, lengthOf, rowsOf } = arrangeBatches(lengths, shape);
  // One token, or word, of each text of any batch.
  const needed = sumOfLargest(least, batchSize);
  const rowsBy = new Map<number, number>();
  let [filled, room] = [0, 0];
  for (let batch = 0; batch < batches; batch++) {
    const [length, rows] = [lengthOf(batch), rowsOf(batch)];
    rowsBy.set(length, (rowsBy.get(length) ?? 0) + rows.length);
    room += batchSize * length;
    for (const row of rows) filled += lengths[row]!;
  }
  const maskable = new Map([...rowsBy].map(([length, rows]) => [length, { counts: new Int32Array(rows), seen: 0 }]));
  for (let batch = 0; batch < batches; batch++) {
    const own = maskable.get(lengthOf(batch))!;
    for (const row of rowsOf(batch)) own.counts[own.seen++] = tokens[row]!;
  }
  const places = new Map(
    [...maskable].map(([length, { counts }]) => [length, placesOf(counts, batchSize, maskProbability, needed)]),
  );
  return { batches, fillRate: filled / room, places };
}

/**
 * Several sequences a row. No batch is left out: the last one may have rows of padding alone.
 *
 * @throws InvalidOptionError for more than one length, and one shorter than the longest sequence
 */
export function packedPlan(texts: MaskableTexts, shape: BatchPlanOptions, maskProbability: number): MlmPlan {
  const { batchSize, bucketLengths } = shape;
  const [length] = bucketLengths;
  checkCount('MlmLoader', { batchSize });
  if (length === undefined || bucketLengths.length > 1) {
    const expected = 'one length with packing: true, that of the blocks';
    throw new InvalidOptionError('MlmLoader', 'bucketLengths', expected, bucketLengths.join(', '));
  }
  const pattern = planBlocks(texts.lengths, length);
  const { starts } = pattern;
  const blocks = starts.length - 1;
  const batches = Math.ceil(blocks / batchSize);
  const places = packedPlaces(texts, pattern, batchSize, maskProbability);
  return {
    batches,
    fillRate: sum(texts.lengths) / (batches * batchSize * length),
    epoch: (key) => {
      const filled = fillBlocks(pattern, texts.lengths, key && foldIn(key, 'texts'));
      const order = key && new RandomStream(foldIn(key, 'blocks')).permutation(blocks);
      const block = (at: number): Int32Array => {
        const own = order === undefined ? at : order[at]!;
        return filled.subarray(starts[own], starts[own + 1]);
      };
      return (position) => {
        const first = position * batchSize;
        const count = Math.min(batchSize, blocks - first);
        return { length, rows: [], blocks: Array.from({ length: count }, (_, at) => block(first + at)), places };
      };
    },
  };
}

function packedPlaces(
  { lengths, tokens, least }: MaskableTexts,
  { starts, slotLengths, blockLength }: BlockPattern,
  batchSize: number,
  maskProbability: number,
): number {
  // Which texts of a length share a block is drawn, so of each length the mean, and the largest of what has to be masked.
  const counts = new Int32Array(blockLength + 1);
  const maskable = new Float64Array(blockLength + 1);
  const most = new Int32Array(blockLength + 1);
  lengths.forEach((length, text) => {
    counts[length]!++;
    maskable[length]! += tokens[text]!;
    most[length] = Math.max(most[length]!, least[text]!);
  });
  const blocks = starts.length - 1;
  const [ofBlock, needed] = [new Float64Array(blocks), new Int32Array(blocks)];
  for (let block = 0; block < blocks; block++)
    for (let slot = starts[block]!; slot < starts[block + 1]!; slot++) {
      const length = slotLengths[slot]!;
      ofBlock[block]! += maskable[length]! / counts[length]!;
      needed[block]! += most[length]!;
    }
  return placesOf(ofBlock, batchSize, maskProbability, sumOfLargest(needed, batchSize));
}
