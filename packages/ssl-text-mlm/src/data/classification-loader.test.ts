import { labelledRows } from '@selfsup/ssl-data';
import { DataError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  ClassificationLoader,
  type ClassificationBatch,
  type ClassificationLoaderOptions,
} from './classification-loader.js';
import { TokenDataset } from './token-dataset.js';

/** Sequence i begins with 10 + i and has label i % 4. */
const sequences = Array.from({ length: 30 }, (_, index) => [10 + index, ...Array.from({ length: index % 7 }, () => 5)]);
const dataset = TokenDataset.fromSequences(
  sequences,
  sequences.map((_, index) => index % 4),
);
const make = (options: Partial<ClassificationLoaderOptions>): ClassificationLoader =>
  new ClassificationLoader({ dataset, padId: 0, batchSize: 8, key: randomKey(1), ...options });

async function all(batches: AsyncIterable<ClassificationBatch>): Promise<ClassificationBatch[]> {
  const found: ClassificationBatch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

const rowsOf = (batch: ClassificationBatch): [number, number][] =>
  Array.from(batch.labels.data, (label, row): [number, number] => [
    batch.inputIds.data[row * batch.inputIds.shape[1]!]! - 10,
    label,
  ]).filter((_, row) => batch.weights.data[row] === 1);

describe('ClassificationLoader', () => {
  it('keeps the order and every sequence in evaluation, with static shapes', async () => {
    const batches = await all(make({ mode: 'evaluation' }).epoch(0));
    expect(batches.flatMap(rowsOf)).toEqual(sequences.map((_, index) => [index, index % 4]));
    expect(new Set(batches.map((batch) => batch.inputIds.shape.join())).size).toBe(1);
    expect(batches.at(-1)!.weights.data).toEqual(Float32Array.of(1, 1, 1, 1, 1, 1, 0, 0));
    expect(
      batches
        .at(-1)!
        .attentionMask.data.subarray(6 * 7)
        .every((value) => value === 0),
    ).toBe(true);
  });

  it.each([undefined, [3, 7]])('shuffles in training, by (key, epoch, position); buckets %j', async (bucketLengths) => {
    const options = bucketLengths === undefined ? {} : { bucketLengths };
    const first = await all(make(options).epoch(0));
    expect(first.length).toBe(make(options).batchesPerEpoch);
    const rows = first.flatMap(rowsOf);
    expect(rows.length).toBe(24);
    for (const [index, label] of rows) expect(label).toBe(index % 4);
    expect(await all(make(options).epoch(0, 2))).toEqual(first.slice(2));
    expect(await all(make(options).epoch(1))).not.toEqual(first);
  });

  it('refuses labels that are no class, with a way out that works', async () => {
    const labels = sequences.map((_, index) => (index === 4 || index === 9 ? -1 : index % 4));
    const partly = TokenDataset.fromSequences(sequences, labels);
    const use = (): ClassificationLoader => make({ dataset: partly, mode: 'evaluation' });
    expect(use).toThrow(DataError);
    expect(use).toThrow(
      /^ClassificationLoader: 2 of 30 labels are -1, .* labels\[4\]\. .*labelledRows\(labels\).* the classes 0 \.\. 3$/,
    );
    const rest = make({ dataset: partly.subset(labelledRows(partly.labels!)), mode: 'evaluation' });
    expect((await all(rest.epoch(0))).flatMap(rowsOf).length).toBe(28);
    expect(rest.classes).toBe(4);
    expect(make({ classes: 9 }).classes).toBe(9);
    expect(() => make({ classes: 3 })).toThrow('ClassificationLoader: labels[3] is 3, outside the classes 0 .. 2');
  });

  it('refuses a sequence without a token, and a padding that is no id', () => {
    const empty = TokenDataset.fromSequences([[1], []], [0, 1]);
    expect(() => make({ dataset: empty, batchSize: 2 })).toThrow('sequence 1 has no token');
    for (const padId of [NaN, 0.5, -1]) expect(() => make({ padId })).toThrow('padId must be an id');
  });

  it('refuses data without labels and too little data', () => {
    expect(() => make({ dataset: TokenDataset.fromSequences(sequences) })).toThrow(DataError);
    expect(() => make({ batchSize: 31 })).toThrow(DataError);
  });
});
