import { DataError, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import type { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { MlmLoader, type MlmBatch, type MlmLoaderOptions } from './mlm-loader.js';
import { TokenDataset } from './token-dataset.js';

const words = 'the a small large dog cat river stone runs sleeps under over again quickly light dark'.split(' ');
const stream = new RandomStream(randomKey(8));
const texts = Array.from({ length: 300 }, () =>
  Array.from({ length: 3 + stream.integer(18) }, () => words[stream.integer(words.length)]!).join(' '),
);
let tokenizer: WordPieceTokenizer;
let dataset: TokenDataset;

beforeAll(async () => {
  tokenizer = await trainWordPiece({ lines: texts, vocabSize: 80 });
  dataset = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 24 });
});

const make = (options: Partial<MlmLoaderOptions> = {}): MlmLoader =>
  new MlmLoader({ dataset, tokenizer, batchSize: 16, key: randomKey(3), bucketLengths: [12, 18, 24], ...options });

async function all(batches: AsyncIterable<MlmBatch>): Promise<MlmBatch[]> {
  const found: MlmBatch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

/** The sequences of a batch as they were before masking. */
function restored(batch: MlmBatch): string[] {
  const [rows, tokens] = batch.inputIds.shape as [number, number];
  const ids = batch.inputIds.data.slice();
  batch.maskedPositions.data.forEach((at, index) => {
    if (batch.maskedWeights.data[index] === 1) ids[at] = batch.maskedLabels.data[index]!;
  });
  return Array.from({ length: rows }, (_, row) => {
    const length = batch.attentionMask.data.subarray(row * tokens, (row + 1) * tokens).reduce((a, b) => a + b, 0);
    return ids.subarray(row * tokens, row * tokens + length).join(' ');
  }).filter((text) => text !== '');
}

const originals = (): string[] =>
  Array.from({ length: dataset.length }, (_, index) => dataset.get(index).ids.join(' '));

describe('MlmLoader', () => {
  it('has one set of shapes for each padded length, in each epoch', async () => {
    const loader = make();
    const signatures = new Set<string>();
    for (const epoch of [0, 1, 2]) {
      const batches = await all(loader.epoch(epoch));
      expect(batches.length).toBe(loader.batchesPerEpoch);
      for (const batch of batches) signatures.add(JSON.stringify(Object.values(batch).map(({ shape }) => shape)));
    }
    expect(signatures.size).toBe(3);
    await loader.close();
  });

  it('holds the texts, masked at 15 % without cutting', async () => {
    const batches = await all(make().epoch(0));
    const texts = batches.flatMap(restored);
    expect(texts.length).toBe(dataset.length - (dataset.length % 16));
    const known = new Map<string, number>();
    for (const text of originals()) known.set(text, (known.get(text) ?? 0) + 1);
    for (const text of texts) {
      expect(known.get(text)).toBeGreaterThan(0);
      known.set(text, known.get(text)! - 1);
    }
    const total = batches.reduce((sum, batch) => sum + batch.maskedWeights.data.reduce((a, b) => a + b, 0), 0);
    const maskable = texts.reduce((sum, text) => sum + text.split(' ').length - 2, 0);
    expect(Math.abs(total / maskable - 0.15)).toBeLessThan(0.003);
    for (const { attentionMask, inputIds } of batches)
      inputIds.data.forEach((id, at) => expect(id === tokenizer.specialIds.pad).toBe(attentionMask.data[at] === 0));
  });

  it('repeats, resumes in the middle, and masks anew in the next epoch', async () => {
    const first = await all(make().epoch(2));
    expect(await all(make().epoch(2))).toEqual(first);
    expect(await all(make().epoch(2, 5))).toEqual(first.slice(5));
    expect(await all(make().epoch(3))).not.toEqual(first);
    expect(await all(make({ key: randomKey(4) }).epoch(2))).not.toEqual(first);
  });

  it('evaluates every text once under fixed masks', async () => {
    const loader = make({ mode: 'evaluation' });
    const batches = await all(loader.epoch(0));
    expect(await all(loader.epoch(7))).toEqual(batches);
    expect(batches.flatMap(restored).toSorted()).toEqual(originals().toSorted());
  });

  it('pads to the longest text without buckets', async () => {
    const loader = new MlmLoader({ dataset, tokenizer, batchSize: 16, key: randomKey(3) });
    for await (const batch of loader.epoch(0)) expect(batch.inputIds.shape).toEqual([16, 24]);
  });

  it.each([false, true])('masks a token of every short text, whole words %s', async (wholeWords) => {
    // Alone, none of them has 15 % of a token.
    const short = ['dog', 'cat', 'a dog', 'river', 'the', 'large stone', 'runs'];
    const data = TokenDataset.fromTexts(tokenizer, short, { maxLength: 24 });
    for (const batchSize of [1, 2, 7]) {
      const loader = new MlmLoader({ dataset: data, tokenizer, batchSize, key: randomKey(3), masking: { wholeWords } });
      expect(loader.skipped).toBe(0);
      for (const epoch of [0, 1, 2])
        for await (const { maskedPositions, maskedWeights, inputIds } of loader.epoch(epoch)) {
          const used = maskedPositions.data.filter((_, index) => maskedWeights.data[index] === 1);
          const rows = new Set([...used].map((at) => Math.floor(at / inputIds.shape[1]!)));
          expect(rows.size).toBe(batchSize);
        }
    }
  });

  it('refuses texts that have nothing to mask, or skips and counts them', async () => {
    const data = TokenDataset.fromTexts(tokenizer, ['a dog', '', 'a cat', '   ', '\u{1F600}', 'river'], {
      maxLength: 24,
    });
    const options = { dataset: data, tokenizer, batchSize: 3, key: randomKey(3) };
    const refuse = (): MlmLoader => new MlmLoader(options);
    expect(refuse).toThrow(DataError);
    expect(refuse).toThrow(
      "3 of 6 texts have no token to mask, they are empty or of special and unknown tokens alone; the first is text 1. Take them out of the data, or pass unmaskable: 'skip' to MlmLoader",
    );
    // Both ways that the message names.
    const skipping = new MlmLoader({ ...options, unmaskable: 'skip' });
    const rest = new MlmLoader({ ...options, dataset: data.subset([0, 2, 5]) });
    expect([skipping.skipped, rest.skipped, skipping.batchesPerEpoch]).toEqual([3, 0, 1]);
    expect(await all(skipping.epoch(0))).toEqual(await all(rest.epoch(0)));
    expect(() => new MlmLoader({ ...options, unmaskable: 'skip', batchSize: 4 })).toThrow('3 sequences do not fill');
    const empty = { ...options, dataset: data.subset([1, 3]), unmaskable: 'skip' } as const;
    expect(() => new MlmLoader(empty)).toThrow(/^2 of 2 texts have no token to mask.*Check the vocabulary/);
    expect(() => new MlmLoader({ ...options, unmaskable: 'keep' as 'skip' })).toThrow(InvalidOptionError);
  });

  it('refuses options out of range, other vocabularies and too little data', async () => {
    expect(() => make({ masking: { maskProbability: 0 } })).toThrow(InvalidOptionError);
    expect(() => make({ masking: { randomTokenShare: 0.3 } })).toThrow(InvalidOptionError);
    expect(() => make({ bucketLengths: [12] })).toThrow(InvalidOptionError);
    expect(() => make({ batchSize: 301 })).toThrow(DataError);
    const small = await trainWordPiece({ lines: ['ab'], vocabSize: 20 });
    expect(() => make({ tokenizer: small })).toThrow(DataError);
  });
});
