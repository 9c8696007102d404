import { DataError, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { mixSources } from './mix-sources.js';
import { MlmLoader, type MlmBatch, type MlmLoaderOptions } from './mlm-loader.js';
import { sentencePairs } from './sentence-pairs.js';
import { TokenDataset } from './token-dataset.js';
import { documentPairs } from './document-pairs.js';

const stream = new RandomStream(randomKey(8));
const words = 'dog cat river stone runs sleeps under over light dark'.split(' ');
const textOf = (mark: string): string =>
  `${mark} ${Array.from({ length: 1 + stream.integer(12) }, () => words[stream.integer(10)]!).join(' ')}`;
const ofDomain = Array.from({ length: 90 }, () => textOf('domain'));
// Each general text has a number of its own.
const ofGeneral = Array.from({ length: 64 }, (_, at) => textOf(`general n${at}`));
const tokenizer = await trainWordPiece({ lines: [...ofDomain, ...ofGeneral], vocabSize: 260 });
const domain = TokenDataset.fromTexts(tokenizer, ofDomain, { maxLength: 24 });
const general = TokenDataset.fromTexts(tokenizer, ofGeneral, { maxLength: 24 });
const mix = mixSources({ domain, general, replay: 0.1, key: randomKey(4) });
const textAt = (epoch: number, place: number): string => tokenizer.decode(mix.draws!.epoch(epoch).get(place).ids);

/** Texts of a batch as they were. */
function restored({ inputIds, attentionMask, segments, ...masked }: MlmBatch): string[] {
  const ids = inputIds.data.slice();
  masked.maskedPositions.data.forEach((at, index) => {
    if (masked.maskedWeights.data[index] === 1) ids[at] = masked.maskedLabels.data[index]!;
  });
  const [, tokens] = inputIds.shape as [number, number];
  const texts = new Map<number, number[]>();
  ids.forEach((id, at) => {
    if (attentionMask.data[at] === 0) return;
    const text = segments?.data[at] ?? Math.floor(at / tokens);
    texts.set(text, [...(texts.get(text) ?? []), id]);
  });
  return [...texts.values()].map((text) => tokenizer.decode(text));
}

const loaderOf = (options: Partial<MlmLoaderOptions> = {}): MlmLoader =>
  new MlmLoader({ dataset: mix, tokenizer, batchSize: 4, key: randomKey(3), ...options });

async function epochOf(loader: MlmLoader, epoch: number, from = 0): Promise<MlmBatch[]> {
  const batches: MlmBatch[] = [];
  for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
  return batches;
}

describe('mixSources', () => {
  it('is all texts of both, and a tenth of an epoch is general', () => {
    expect([mix.length, mix.draws!.lengths.length]).toEqual([154, 100]);
    expect([...mix.lengths()]).toEqual([...domain.lengths(), ...general.lengths()]);
    expect(mix.get(3).ids).toEqual(domain.get(3).ids);
    expect(mix.get(93).ids).toEqual(general.get(3).ids);
    expect(mix.largestId).toBe(Math.max(domain.largestId, general.largestId));
    expect(mix.isMaskable).toBe(false);
    for (const epoch of [0, 1, 9]) {
      const texts = Array.from({ length: 100 }, (_, place) => textAt(epoch, place));
      expect(texts.slice(0, 90)).toEqual(ofDomain);
      expect(texts.slice(90).every((text) => text.startsWith('general'))).toBe(true);
      const samples = mix.draws!.epoch(epoch);
      mix.draws!.lengths.forEach((length, place) => expect(samples.get(place).ids.length).toBeLessThanOrEqual(length));
    }
  });

  it('draws by the key and the epoch, and every general text comes once in as many epochs as a group has texts', () => {
    const rows = (epoch: number): string[] => Array.from({ length: 10 }, (_, place) => textAt(epoch, 90 + place));
    expect(rows(2)).toEqual(rows(2));
    expect(rows(2)).not.toEqual(rows(3));
    const other = mixSources({ domain, general, replay: 0.1, key: randomKey(5) }).draws!.epoch(2);
    expect(Array.from({ length: 10 }, (_, place) => tokenizer.decode(other.get(90 + place).ids))).not.toEqual(rows(2));
    // Groups of 6 or 7: in 42 epochs each text comes 7 or 6 times.
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 42; epoch++)
      for (const text of rows(epoch)) counts.set(text, (counts.get(text) ?? 0) + 1);
    expect(counts.size).toBe(64);
    expect([...counts.values()].every((count) => count === 6 || count === 7)).toBe(true);
  });

  it.each([false, true])('goes through the loader as any source, packing %s', async (packing) => {
    const loader = loaderOf(packing ? { packing, bucketLengths: [64] } : {});
    const first = await epochOf(loader, 0);
    const second = await epochOf(loader, 1);
    expect(first).toHaveLength(loader.batchesPerEpoch);
    expect(second.map(({ inputIds }) => inputIds.shape)).toEqual(first.map(({ inputIds }) => inputIds.shape));
    expect(await epochOf(loader, 1, 2)).toEqual(second.slice(2));
    const [texts, later] = [first, second].map((batches) => batches.flatMap(restored).toSorted()) as [
      string[],
      string[],
    ];
    const isGeneral = (text: string): boolean => text.startsWith('general');
    for (const found of [texts, later]) {
      expect(found).toHaveLength(100);
      expect(found.filter(isGeneral)).toHaveLength(10);
      expect(found.filter((text) => !isGeneral(text))).toEqual(ofDomain.toSorted());
    }
    expect(texts.filter(isGeneral)).not.toEqual(later.filter(isGeneral));
    for (const { maskedPositions, maskedWeights, inputIds } of first) {
      expect(maskedPositions.data.filter((_, at) => maskedWeights.data[at] === 1).length).toBeGreaterThan(3);
      expect(inputIds.data.every((id) => id < tokenizer.vocabSize)).toBe(true);
    }
    // Evaluation has one draw, whatever the epoch.
    const fixed = loaderOf({ mode: 'evaluation', ...(packing ? { packing, bucketLengths: [64] } : {}) });
    expect(await epochOf(fixed, 5)).toEqual(await epochOf(fixed, 0));
  });

  it('what has nothing to mask is refused, or skipped in any epoch', async () => {
    const empty = TokenDataset.fromTexts(tokenizer, [...ofGeneral.slice(0, 20), '', '\u{1F600}'], { maxLength: 24 });
    const dataset = mixSources({ domain, general: empty, replay: 0.1, key: randomKey(4) });
    expect(() => loaderOf({ dataset })).toThrow(/2 of 112 texts have no token to mask/);
    const loader = loaderOf({ dataset, unmaskable: 'skip' });
    expect(loader.skipped).toBe(2);
    for (let epoch = 0; epoch < 4; epoch++) {
      const texts = (await epochOf(loader, epoch)).flatMap(restored);
      expect(texts).toHaveLength(100);
      expect(texts.filter((text) => text.startsWith('general'))).toHaveLength(10);
    }
  });

  it('a subset draws from what is left', () => {
    const kept = [...Array.from({ length: 45 }, (_, at) => 2 * at), ...Array.from({ length: 20 }, (_, at) => 90 + at)];
    const subset = mix.subset(kept);
    expect([subset.length, subset.draws!.lengths.length]).toEqual([65, 50]);
    expect(subset.get(45).ids).toEqual(general.get(0).ids);
    const known = new Set(kept.map((at) => tokenizer.decode(mix.get(at).ids)));
    const samples = subset.draws!.epoch(3);
    for (let place = 0; place < 50; place++) expect(known.has(tokenizer.decode(samples.get(place).ids))).toBe(true);
  });

  it('without replay it is the domain, and refuses what cannot be mixed', () => {
    const key = randomKey(1);
    expect(mixSources({ domain, general, replay: 0, key }).draws!.lengths.length).toBe(90);
    for (const replay of [1, -0.1, Number.NaN])
      expect(() => mixSources({ domain, general, replay, key })).toThrow(InvalidOptionError);
    const few = general.subset([0, 1, 2]);
    const told = /at most ([\d.]+), as there are 3 general texts/;
    let message = '';
    try {
      mixSources({ domain, general: few, replay: 0.5, key });
    } catch (cause) {
      message = (cause as Error).message;
    }
    expect(message).toMatch(told);
    expect(
      mixSources({ domain, general: few, replay: Number(told.exec(message)![1]), key }).draws!.lengths.length,
    ).toBe(93);
    expect(() => mixSources({ domain: domain.subset([]), general, key })).toThrow(DataError);
    expect(() => mixSources({ domain: ofDomain as never, general, key })).toThrow(InvalidOptionError);
    const pairs = documentPairs(tokenizer, [ofDomain, ofGeneral], { maxLength: 24 });
    expect(() => mixSources({ domain: pairs, general, key })).toThrow(InvalidOptionError);
    const drawn = sentencePairs({ pairs, task: 'next-sentence', key });
    expect(() => mixSources({ domain: drawn, general: drawn, key })).toThrow(InvalidOptionError);
  });
});
