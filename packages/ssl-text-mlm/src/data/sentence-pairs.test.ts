import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { distilBertConfig } from '../distilbert/distilbert-config.js';
import { DistilBertModel } from '../distilbert/distilbert-model.js';
import { buildTokenStore } from '../store/build-token-store.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { documentPairs } from './document-pairs.js';
import { MlmLoader, type MlmBatch } from './mlm-loader.js';
import { sentencePairs, type SentencePairTask } from './sentence-pairs.js';
import type { PairSample } from './token-source.js';

const stream = new RandomStream(randomKey(8));
const words = 'the a small large dog cat river stone runs sleeps under over again quickly light dark'.split(' ');
// The first word says which document and which sentence it is of.
const numbers = Array.from({ length: 24 }, (_, document) =>
  Array.from({ length: 2 + (document % 5) }, (_, sentence) => `d${document} s${sentence}`),
);
const documents = numbers.map((texts) =>
  texts.map(
    (mark) => `${mark} ${Array.from({ length: 1 + stream.integer(5) }, () => words[stream.integer(16)]!).join(' ')}`,
  ),
);
const tokenizer = await trainWordPiece({ lines: documents.flat(), vocabSize: 200 });
const pairs = documentPairs(tokenizer, documents, { maxLength: 24 });
const textsOf = ({ ids, second }: PairSample): [string, string] => [
  tokenizer.decode(ids.slice(1, second - 1)),
  tokenizer.decode(ids.slice(second, -1)),
];
const documentOf = (text: string): number => Number(/^d(\d+) /.exec(text)![1]);
const drawn = (task: SentencePairTask, epoch: number, key = randomKey(5)): PairSample[] => {
  const source = sentencePairs({ pairs, task, key });
  const samples = source.draws!.epoch(epoch);
  return Array.from({ length: source.length }, (_, at) => {
    const sample = samples.get(at) as PairSample;
    return { ...sample, ids: sample.ids.slice() };
  });
};

describe('documentPairs', () => {
  it('fills rows with consecutive texts of one document, framed', () => {
    const { cls, sep } = tokenizer.specialIds;
    expect(pairs.length).toBeGreaterThan(24);
    const lengths = pairs.lengths();
    for (let at = 0; at < pairs.length; at++) {
      const sample = pairs.get(at);
      expect([sample.ids[0], sample.ids[sample.second - 1], sample.ids.at(-1)]).toEqual([cls, sep, sep]);
      expect(sample.ids.length).toBe(lengths[at]);
      expect(sample.ids.length).toBeLessThanOrEqual(24);
      const [first, second] = textsOf(sample);
      const own = documents[pairs.documents![at]!]!;
      const joined = own.join(' ');
      expect(documentOf(first)).toBe(pairs.documents![at]);
      // One follows the other, but for what was cut.
      expect(joined.indexOf(second)).toBeGreaterThan(joined.indexOf(first));
    }
  });

  it('divides a short document too, near its middle', () => {
    const two = documentPairs(
      tokenizer,
      [
        ['a dog', 'the cat runs'],
        ['dark', 'light', 'dark', 'light'],
      ],
      { maxLength: 24 },
    );
    expect([0, 1].map((at) => textsOf(two.get(at)))).toEqual([
      ['a dog', 'the cat runs'],
      ['dark light', 'dark light'],
    ]);
    expect(two.length).toBe(2);
  });

  it('refuses what has no pair, and what is no list of documents', () => {
    expect(() => documentPairs(tokenizer, [['alone'], []], { maxLength: 24 })).toThrow(DataError);
    expect(() => documentPairs(tokenizer, ['a dog'] as never, { maxLength: 24 })).toThrow(InvalidOptionError);
    expect(() => documentPairs(tokenizer, 3 as never, { maxLength: 24 })).toThrow(InvalidOptionError);
    expect(() => documentPairs(tokenizer, documents, { maxLength: 4 })).toThrow(InvalidOptionError);
  });
});

describe.each(['next-sentence', 'sentence-order'] as const)('sentencePairs, %s', (task) => {
  it('half are as they were and half are not, by the label', () => {
    const samples = drawn(task, 0);
    const wrong = samples.filter(({ pairLabel }) => pairLabel === 1).length;
    expect(wrong).toBe(Math.floor(samples.length / 2));
    samples.forEach((sample, at) => {
      const [first, second] = textsOf(sample);
      const [own, next] = textsOf(pairs.get(at));
      // A text of another document is cut anew, from the end.
      const isAsTold =
        sample.pairLabel === 0
          ? first === own && second === next
          : task === 'sentence-order'
            ? first === next && second === own
            : own.startsWith(first) && documentOf(second) !== documentOf(first);
      expect(isAsTold).toBe(true);
      expect(sample.ids.length).toBeLessThanOrEqual(24);
    });
  });

  it('repeats by the key and the epoch, and is drawn anew in another', () => {
    const labels = (epoch: number, seed: number) =>
      drawn(task, epoch, randomKey(seed)).map(({ pairLabel }) => pairLabel);
    expect(drawn(task, 3)).toEqual(drawn(task, 3));
    expect(labels(3, 5)).not.toEqual(labels(4, 5));
    expect(labels(3, 5)).not.toEqual(labels(3, 6));
    // Over many epochs each pair is as it was half of the time: chi-square, one degree of freedom each, in all 99.9 %.
    const epochs = 200;
    const counts = new Int32Array(pairs.length);
    for (let epoch = 0; epoch < epochs; epoch++) labels(epoch, 7).forEach((label, at) => (counts[at]! += label!));
    const chi = counts.reduce((sum, count) => sum + (count - epochs / 2) ** 2 / (epochs / 4), 0);
    const degrees = pairs.length;
    expect(chi).toBeLessThan(degrees + 3.1 * Math.sqrt(2 * degrees) + 6.4);
  });

  it('goes through the loader with types, labels and masks, and resumes exactly', async () => {
    const dataset = sentencePairs({ pairs, task, key: randomKey(5) });
    const loader = new MlmLoader({ dataset, tokenizer, batchSize: 8, key: randomKey(3) });
    const read = async (epoch: number, from = 0): Promise<MlmBatch[]> => {
      const batches: MlmBatch[] = [];
      for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
      return batches;
    };
    const batches = await read(2);
    expect(await read(2, 2)).toEqual(batches.slice(2));
    expect(await read(3)).not.toEqual(batches);
    const { sep } = tokenizer.specialIds;
    let [rows, masked, maskable] = [0, 0, 0];
    for (const { inputIds, attentionMask, tokenTypeIds, pairLabels, maskedWeights } of batches) {
      const [, tokens] = inputIds.shape as [number, number];
      for (let row = 0; row < 8; row++) {
        const part = (data: Int32Array): number[] => [...data.subarray(row * tokens, (row + 1) * tokens)];
        const ids = part(inputIds.data);
        const length = part(attentionMask.data).reduce((a, b) => a + b, 0);
        const first = ids.indexOf(sep);
        expect(part(tokenTypeIds!.data)).toEqual(ids.map((_, at) => (at > first && at < length ? 1 : 0)));
        expect([0, 1]).toContain(pairLabels!.data[row]);
        maskable += length - 3;
        rows++;
      }
      masked += maskedWeights.data.reduce((a, b) => a + b, 0);
    }
    expect(rows).toBe(8 * loader.batchesPerEpoch);
    expect(Math.abs(masked / maskable - 0.15)).toBeLessThan(0.03);
  });

  it('evaluates every pair once, and marks missing rows', async () => {
    const dataset = sentencePairs({ pairs, task, key: randomKey(5) });
    const loader = new MlmLoader({ dataset, tokenizer, batchSize: 7, key: randomKey(3), mode: 'evaluation' });
    const labels: number[] = [];
    for await (const { pairLabels } of loader.epoch(4)) labels.push(...pairLabels!.data);
    expect(labels.filter((label) => label >= 0)).toHaveLength(pairs.length);
    expect(labels.filter((label) => label === 1)).toHaveLength(Math.floor(pairs.length / 2));
    expect(labels.filter((label) => label === -100)).toHaveLength(labels.length - pairs.length);
  });

  it('a subset has its pairs alone', () => {
    const kept = Array.from({ length: pairs.length / 2 }, (_, at) => 2 * at);
    const subset = sentencePairs({ pairs, task, key: randomKey(5) }).subset(kept);
    const known = new Set(kept.map((at) => documentOf(textsOf(pairs.get(at))[1])));
    const samples = subset.draws!.epoch(1);
    expect(subset.length).toBe(kept.length);
    for (let at = 0; at < kept.length; at++) {
      expect(subset.get(at)).toEqual(pairs.get(kept[at]!));
      expect(known.has(documentOf(textsOf(samples.get(at) as PairSample).find((text) => text.startsWith('d'))!))).toBe(
        true,
      );
    }
  });
});

it('takes the pairs of a store, whose texts are documents of their own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pairs-'));
  try {
    const store = await buildTokenStore({ path: join(folder, 'store'), data: documents.flat(), tokenizer });
    const stored = store.pairs({ maxLength: 20 });
    const source = sentencePairs({ pairs: stored, task: 'next-sentence', key: randomKey(1) });
    const samples = source.draws!.epoch(0);
    let wrong = 0;
    for (let at = 0; at < source.length; at++) {
      const sample = samples.get(at) as PairSample;
      const [first, second] = textsOf(sample);
      const [own, next] = textsOf(stored.get(at));
      expect(own.startsWith(first)).toBe(true);
      if (sample.pairLabel === 1) wrong++;
      expect(second === next).toBe(sample.pairLabel === 0);
    }
    expect(wrong).toBe(Math.floor(source.length / 2));
    const loader = new MlmLoader({
      dataset: source,
      tokenizer,
      batchSize: 4,
      key: randomKey(2),
      masking: { wholeWords: true },
    });
    for await (const batch of loader.epoch(0)) expect(batch.inputIds.shape).toEqual([4, 20]);
    // Pairs by themselves have their types too, packed and padded, unless the encoder has none.
    const plain = { dataset: stored, tokenizer, batchSize: 4, key: randomKey(2), bucketLengths: [40] };
    for (const packing of [true, false])
      for await (const { tokenTypeIds, pairLabels } of new MlmLoader({ ...plain, packing }).epoch(0)) {
        expect(tokenTypeIds!.data.some((type) => type === 1)).toBe(true);
        expect(pairLabels).toBeUndefined();
      }
    for await (const batch of new MlmLoader({ ...plain, tokenTypes: false }).epoch(0))
      expect(batch.tokenTypeIds).toBeUndefined();
    // As models without segments advise.
    const distil = new DistilBertModel(
      distilBertConfig({
        vocabSize: tokenizer.vocabSize,
        hiddenSize: 8,
        numHiddenLayers: 1,
        numAttentionHeads: 2,
        intermediateSize: 8,
        maxPositionEmbeddings: 40,
      }),
      { key: randomKey(1) },
    );
    const first = async (tokenTypes: boolean): Promise<Record<string, tf.Tensor>> => {
      const { value } = await new MlmLoader({ ...plain, tokenTypes }).epoch(0).next();
      return Object.fromEntries(
        Object.entries(value as MlmBatch).map(([name, { data, shape }]) => [
          name,
          tf.tensor(data, [...shape], 'int32'),
        ]),
      );
    };
    const [typed, untyped] = [await first(true), await first(false)];
    expect(() => distil.forward(typed as never)).toThrow(/tokenTypes: false/);
    expect(distil.forward(untyped as never).shape).toEqual([4, 40, 8]);
    await store.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('refuses what cannot be drawn from', () => {
  const key = randomKey(1);
  const one = documentPairs(tokenizer, [documents[4]!], { maxLength: 16 });
  expect(() => sentencePairs({ pairs: one, task: 'next-sentence', key })).toThrow(
    /one document.*task: 'sentence-order'/,
  );
  expect(sentencePairs({ pairs: one, task: 'sentence-order', key }).length).toBe(one.length);
  expect(() => sentencePairs({ pairs: { length: 3 } as never, task: 'next-sentence', key })).toThrow(
    InvalidOptionError,
  );
  expect(() => sentencePairs({ pairs, task: 'previous' as never, key })).toThrow(InvalidOptionError);
  const dataset = sentencePairs({ pairs, task: 'next-sentence', key });
  const options = { dataset, tokenizer, batchSize: 4, key, bucketLengths: [48] };
  expect(() => new MlmLoader({ ...options, packing: true })).toThrow(/something is to be told/);
  expect(new MlmLoader(options).batchesPerEpoch).toBeGreaterThan(0);
});
