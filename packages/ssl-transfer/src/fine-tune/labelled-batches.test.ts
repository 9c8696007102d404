import { DataError, InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import type { LabelledBatch } from './classification-fine-tuning.js';
import { LabelledBatches } from './labelled-batches.js';

const inputs = { ids: { data: Int32Array.from({ length: 20 }, (_, i) => i), shape: [10, 2] } };
const labels = Int32Array.from({ length: 10 }, (_, i) => i % 3);
type Batch = LabelledBatch<typeof inputs>;

async function collect(loader: LabelledBatches<typeof inputs>, epoch: number, fromBatch = 0): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch, fromBatch)) batches.push(batch);
  return batches;
}

const rows = (batches: Batch[]): number[] =>
  batches.flatMap(({ inputs: { ids } }) => Array.from({ length: ids.shape[0]! }, (_, i) => ids.data[2 * i]! / 2));

it('sees every sample once before any twice, in full batches, with its label', async () => {
  const loader = new LabelledBatches({ inputs, labels, batchSize: 4, key: randomKey(1) });
  expect(loader.batchesPerEpoch).toBe(3);
  const batches = [
    ...(await collect(loader, 0)),
    ...(await collect(loader, 1)),
    ...(await collect(loader, 2)),
    ...(await collect(loader, 3)),
  ];
  const seen = rows(batches);
  expect(seen.length).toBe(48);
  for (let pass = 0; pass < 4; pass++)
    expect(seen.slice(10 * pass, 10 * pass + 10).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(seen.slice(0, 10)).not.toEqual(seen.slice(10, 20));
  batches.forEach((batch) => rows([batch]).forEach((row, i) => expect(batch.labels.data[i]).toBe(labels[row])));
});

it('depends on seed, epoch and position alone', async () => {
  const build = (seed: number): LabelledBatches<typeof inputs> =>
    new LabelledBatches({ inputs, labels, batchSize: 4, key: randomKey(seed) });
  const second = await collect(build(1), 1);
  expect(await collect(build(1), 1, 2)).toEqual(second.slice(2));
  expect(rows(await collect(build(2), 1))).not.toEqual(rows(second));
});

it('fills batches larger than the data, and augments each with a key of its own', async () => {
  const keys = new Set<string>();
  const loader = new LabelledBatches({
    inputs,
    labels,
    batchSize: 15,
    key: randomKey(1),
    augment: ({ ids }, key) => {
      keys.add(key.join());
      return { ids: { ...ids, data: ids.data.map((id) => id + 100) } };
    },
  });
  const batches = [...(await collect(loader, 0)), ...(await collect(loader, 1))];
  expect(batches.every(({ inputs: { ids } }) => ids.shape[0] === 15 && ids.data.every((id) => id >= 100))).toBe(true);
  expect(keys.size).toBe(2);
});

it('refuses what does not fit', () => {
  const options = { inputs, labels, batchSize: 4, key: randomKey(1) };
  expect(() => new LabelledBatches({ ...options, batchSize: 0 })).toThrow(InvalidOptionError);
  expect(() => new LabelledBatches({ ...options, labels: labels.subarray(1) })).toThrow(ShapeError);
  expect(() => new LabelledBatches({ ...options, labels: labels.map(() => -1) })).toThrow(DataError);
});
