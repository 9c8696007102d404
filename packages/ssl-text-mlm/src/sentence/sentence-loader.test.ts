import { DataError, InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { MlmLoader } from '../data/mlm-loader.js';
import { TokenDataset } from '../data/token-dataset.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { type SentenceBatch, SentenceLoader, type SentenceLoaderOptions } from './sentence-loader.js';

/** Row i of a part begins with 10 + i and ends with the part's number. */
const part = (number: number): TokenDataset =>
  TokenDataset.fromSequences(
    Array.from({ length: 20 }, (_, i) => [10 + i, ...Array.from({ length: (i * number) % 5 }, () => 5), number]),
  );
const make = (options: Partial<SentenceLoaderOptions> = {}): SentenceLoader =>
  new SentenceLoader({ sentences: part(1), padId: 0, batchSize: 6, key: randomKey(1), ...options });

async function all(loader: SentenceLoader, epoch = 0, from = 0): Promise<SentenceBatch[]> {
  const batches: SentenceBatch[] = [];
  for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
  return batches;
}
const firsts = ({ inputIds: { data, shape } }: Pick<SentenceBatch, 'inputIds'>): number[] =>
  Array.from({ length: shape[0]! }, (_, row) => data[row * shape[1]!]!);

it.each([undefined, [4, 7]])(
  'keeps triplets together, by (key, epoch, position); buckets %j',
  async (bucketLengths) => {
    const loader = make({ positives: part(2), hardNegatives: part(3), ...(bucketLengths && { bucketLengths }) });
    const batches = await all(loader);
    expect(batches).toHaveLength(3);
    expect(batches).toHaveLength(loader.batchesPerEpoch);
    for (const batch of batches) {
      expect(firsts(batch.positives!)).toEqual(firsts(batch));
      expect(firsts(batch.hardNegatives!)).toEqual(firsts(batch));
      expect(batch.positives!.inputIds.shape).toEqual(batch.inputIds.shape);
      expect([...batch.positives!.inputIds.data]).toContain(2);
      expect([...batch.hardNegatives!.attentionMask.data].reduce((a, b) => a + b)).toBe(
        batch.hardNegatives!.inputIds.data.filter((id) => id !== 0).length,
      );
    }
    expect(new Set(batches.flatMap(firsts)).size).toBe(18);
    expect(await all(loader, 0, 1)).toEqual(batches.slice(1));
    expect((await all(loader, 1)).flatMap(firsts)).not.toEqual(batches.flatMap(firsts));
  },
);

it('brings masked texts along, of the same position', async () => {
  const lines = Array.from({ length: 20 }, (_, i) => `cat ${'eats '.repeat(1 + (i % 3))}fish`);
  const tokenizer = await trainWordPiece({ lines, vocabSize: 60 });
  const sentences = TokenDataset.fromTexts(tokenizer, lines, { maxLength: 12 });
  const mlm = new MlmLoader({ dataset: sentences, tokenizer, batchSize: 6, key: randomKey(2) });
  const batches = await all(make({ sentences, mlm }), 2, 1);
  const masked = [];
  for await (const batch of mlm.epoch(2, 1)) masked.push(batch);
  expect(batches.map((batch) => batch.mlm)).toEqual(masked);
  const fewer = new MlmLoader({ dataset: sentences, tokenizer, batchSize: 9, key: randomKey(2) });
  expect(() => make({ sentences, mlm: fewer })).toThrow('mlm has 2 batches an epoch, the sentences have 3');
});

it('names what is wrong', () => {
  const short = TokenDataset.fromSequences([[1, 2]]);
  expect(() => make({ positives: short })).toThrow('positives has 1 sequences, there are 20 sentences');
  expect(() => make({ hardNegatives: part(1) })).toThrow(InvalidOptionError);
  expect(() => make({ sentences: short })).toThrow(DataError);
  expect(() => make({ sentences: TokenDataset.fromSequences([[1], []]), batchSize: 2 })).toThrow(
    'sequence 1 of sentences',
  );
  expect(() => make({ padId: -1 })).toThrow('padId');
});
