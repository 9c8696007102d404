import { expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { BatchLoader } from './batch-loader.js';
import { zipLoaders } from './zip-loaders.js';

class Counting implements BatchLoader<{ id: string }> {
  open = 0;
  closed = 0;
  constructor(
    readonly name: string,
    readonly batchesPerEpoch: number,
  ) {}
  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<{ id: string }> {
    this.open++;
    try {
      for (let at = fromBatch; at < this.batchesPerEpoch; at++) yield { id: `${this.name}${epoch}.${at}` };
    } finally {
      this.open--;
    }
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

const all = async (
  loader: BatchLoader<{ a: { id: string }; b: { id: string } }>,
  epoch: number,
  from?: number,
): Promise<string[]> => {
  const found: string[] = [];
  for await (const { a, b } of loader.epoch(epoch, from)) found.push(`${a.id} ${b.id}`);
  return found;
};

it('is as long as the first, and the others go on in epochs of their own', async () => {
  const [a, b] = [new Counting('a', 3), new Counting('b', 2)];
  const loader = zipLoaders({ a, b });
  expect(loader.batchesPerEpoch).toBe(3);
  expect(await all(loader, 0)).toEqual(['a0.0 b0.0', 'a0.1 b0.1', 'a0.2 b1.0']);
  expect(await all(loader, 1)).toEqual(['a1.0 b1.1', 'a1.1 b2.0', 'a1.2 b2.1']);
  expect(await all(loader, 1, 2)).toEqual(['a1.2 b2.1']);
  expect([a.open, b.open]).toEqual([0, 0]);
  await loader.close();
  expect([a.closed, b.closed]).toEqual([1, 1]);
});

it('ends its sources when it is left early', async () => {
  const [a, b] = [new Counting('a', 3), new Counting('b', 2)];
  for await (const batch of zipLoaders({ a, b }).epoch(0)) {
    expect(batch).toEqual({ a: { id: 'a0.0' }, b: { id: 'b0.0' } });
    break;
  }
  expect([a.open, b.open]).toEqual([0, 0]);
});

it('refuses no loader, what is none, and one without batches', () => {
  for (const loaders of [{}, { a: undefined }, { a: new Counting('a', 0) }])
    expect(() => zipLoaders(loaders as Record<string, BatchLoader<string>>)).toThrow(InvalidOptionError);
});
