import { DataError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { classTargets, labelTargets, numberTargets, spanTargets, tokenTargets } from './targets.js';
import { type TextExample, TextExampleLoader, type TextExampleLoaderOptions } from './text-example-loader.js';

const common = { padId: 9, batchSize: 2, key: randomKey(1) };
const rows = [
  [2, 5, 3],
  [2, 6, 7, 3],
  [2, 3],
  [2, 8, 3],
  [2, 4, 4, 3],
];
const examples = rows.map((ids, target) => ({ ids, target }));

async function all<B>(
  loader: { epoch(epoch: number, from?: number): AsyncIterable<B> },
  epoch = 0,
  from = 0,
): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
  return batches;
}

describe('TextExampleLoader', () => {
  it('gives every example once to evaluate, padded, and tells rows that only fill', async () => {
    const loader = new TextExampleLoader({ ...common, examples, collate: classTargets, mode: 'evaluation' });
    const batches = await all(loader);
    expect(loader.batchesPerEpoch).toBe(3);
    expect(batches.map(({ labels }) => [...labels.data])).toEqual([
      [0, 1],
      [2, 3],
      [4, 0],
    ]);
    expect([...batches[0]!.inputIds.data]).toEqual([2, 5, 3, 9, 2, 6, 7, 3]);
    expect([...batches[0]!.attentionMask.data]).toEqual([1, 1, 1, 0, 1, 1, 1, 1]);
    expect([...batches[2]!.weights.data]).toEqual([1, 0]);
    expect([...batches[2]!.attentionMask.data]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect('tokenTypeIds' in batches[0]!).toBe(false);
  });

  it('has an order by key and epoch, which can be entered at any batch', async () => {
    const make = () => new TextExampleLoader({ ...common, examples, collate: classTargets });
    const [first, again, next] = [await all(make()), await all(make()), await all(make(), 1)];
    expect(again).toEqual(first);
    expect(next).not.toEqual(first);
    expect(first).toHaveLength(2);
    expect(await all(make(), 0, 1)).toEqual(first.slice(1));
  });

  it('puts examples of a length together, with their segments', async () => {
    const pairs = examples.map(({ ids, target }) => ({ ids, target, tokenTypeIds: ids.map((id) => Number(id > 4)) }));
    const loader = new TextExampleLoader({
      ...common,
      examples: pairs,
      collate: classTargets,
      bucketLengths: [3, 4],
      mode: 'evaluation',
    });
    const batches = await all(loader);
    expect(batches.map(({ inputIds }) => inputIds.shape)).toEqual([
      [2, 3],
      [2, 4],
      [2, 4],
    ]);
    expect([...batches[0]!.tokenTypeIds!.data]).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it('names what does not fit', () => {
    const make = (changes: Partial<TextExampleLoaderOptions<number, object>>) => () =>
      new TextExampleLoader<number, object>({ ...common, examples, collate: classTargets, ...changes });
    expect(make({ examples: [{ ids: [], target: 1 }] })).toThrow(/example 0 has no token/);
    const uneven: TextExample<number>[] = [
      { ids: [1], target: 0, tokenTypeIds: [0] },
      { ids: [1, 2], target: 0 },
    ];
    expect(make({ examples: uneven })).toThrow(/example 1 must have tokenTypeIds/);
    expect(make({ examples: [] })).toThrow(DataError);
    expect(make({ batchSize: 0 })).toThrow(InvalidOptionError);
    expect(make({ bucketLengths: [3] })).toThrow(InvalidOptionError);
  });
});

describe('targets', () => {
  const shape = { batchSize: 2, length: 3 };

  it('fill what is no example with what does not count', () => {
    expect([...tokenTargets([[1, 0]], shape).labels.data]).toEqual([1, 0, -100, -100, -100, -100]);
    const bits = labelTargets([[1, 0, -100]], shape);
    expect([...bits.labels.data]).toEqual([1, 0, -100, -100, -100, -100]);
    expect([...bits.weights.data]).toEqual([1, 0]);
    const numbers = numberTargets([[0.5]], shape);
    expect([numbers.targets.shape, [...numbers.targets.data], [...numbers.weights.data]]).toEqual([
      [2, 1],
      [0.5, 0],
      [1, 0],
    ]);
    const { startPositions, endPositions } = spanTargets([{ start: 1, end: 2 }], shape);
    expect([[...startPositions.data], [...endPositions.data]]).toEqual([
      [1, -100],
      [2, -100],
    ]);
  });

  it('refuse rows of other lengths', () => {
    expect(() => tokenTargets([[1, 0, 1, 0]], shape)).toThrow(/4 labels, more than tokens/);
    expect(() => labelTargets([[1, 0], [1]], shape)).toThrow(/must have 2 numbers/);
  });
});
