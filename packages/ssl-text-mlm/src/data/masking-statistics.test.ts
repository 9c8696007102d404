/**
 * What loaders mask, held against its laws by chi-square, with fixed keys. A critical value is the one that a right loader
 * passes once in a thousand draws; one of a law that is not met lies far above.
 */
import { randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import type { MaskingOptions } from './masking-options.js';
import { MlmLoader, type MlmBatch, type MlmLoaderOptions } from './mlm-loader.js';
import { TokenDataset } from './token-dataset.js';

/** Chi-square that is passed with a chance of 0.001, by degrees of freedom. */
const critical = { 1: 10.83, 2: 13.82, 9: 27.88, 29: 58.3, 99: 148.23 } as const;

/** Ids 0 to 4 are special; of the 100 others even ones begin words and odd ones continue them. */
const words = 100;
const [pad, cls, sep, mask] = [0, 2, 3, 4];
const tokenizer = {
  vocabSize: 5 + words,
  specialIds: { pad, unk: 1, cls, sep, mask },
  allSpecialIds: () => new Set([0, 1, 2, 3, 4]),
  continuations: () => Uint8Array.from({ length: 5 + words }, (_, id) => (id >= 5 && id % 2 === 1 ? 1 : 0)),
} as unknown as TextTokenizer;
const continues = (id: number): boolean => id >= 5 && id % 2 === 1;

/** Texts of words of one piece and more, `length` tokens with their frame. */
function textsOf(count: number, length: number): TokenDataset {
  const stream = new RandomStream(randomKey(11));
  const text = (): number[] => {
    const ids = [cls];
    while (ids.length < length - 1) {
      const continued = continues(ids.at(-1)!) || ids.at(-1)! > 4;
      ids.push(
        continued && stream.uniform() < 0.4 ? 5 + 2 * stream.integer(words / 2) : 6 + 2 * stream.integer(words / 2),
      );
    }
    return [...ids, sep];
  };
  return TokenDataset.fromSequences(Array.from({ length: count }, text));
}

/** A masked token: where in its text, what stood there, what stands there. */
interface Masked {
  readonly text: string;
  readonly place: number;
  readonly was: number;
  readonly is: number;
}

/** A text of a batch as it was, with the masked ones of its tokens. */
interface Seen {
  readonly ids: readonly number[];
  readonly masked: readonly Masked[];
}

function seenIn(batch: MlmBatch): Seen[] {
  const { inputIds, attentionMask, segments, maskedPositions, maskedLabels, maskedWeights } = batch;
  const [, tokens] = inputIds.shape as [number, number];
  const was = inputIds.data.slice();
  const places = new Set<number>();
  maskedPositions.data.forEach((at, index) => {
    if (maskedWeights.data[index] !== 1) return;
    was[at] = maskedLabels.data[index]!;
    places.add(at);
  });
  const texts = new Map<number, number[]>();
  attentionMask.data.forEach((isToken, at) => {
    if (isToken === 0) return;
    const text = segments?.data[at] ?? Math.floor(at / tokens);
    const own = texts.get(text);
    if (own === undefined) texts.set(text, [at]);
    else own.push(at);
  });
  return [...texts.values()].map((own) => {
    const ids = own.map((at) => was[at]!);
    const text = ids.join(' ');
    const masked = own.flatMap((at, place) =>
      places.has(at) ? [{ text, place, was: was[at]!, is: inputIds.data[at]! }] : [],
    );
    return { ids, masked };
  });
}

async function seen(loader: MlmLoader, epochs: number): Promise<Seen[]> {
  const found: Seen[] = [];
  for (let epoch = 0; epoch < epochs; epoch++)
    for await (const batch of loader.epoch(epoch)) found.push(...seenIn(batch));
  return found;
}

const chiSquare = (found: readonly number[], expected: readonly number[]): number =>
  found.reduce((sum, count, at) => sum + (count - expected[at]!) ** 2 / expected[at]!, 0);

const short = textsOf(320, 32);
const kinds = [
  ['padded', { bucketLengths: [32] }],
  ['packed', { packing: true, bucketLengths: [96] }],
] as const;

describe.each(kinds)('masks of %s batches', (_, layout) => {
  const loaderOf = (masking: Partial<MaskingOptions>, more: Partial<MlmLoaderOptions> = {}): MlmLoader =>
    new MlmLoader({ dataset: short, tokenizer, batchSize: 16, key: randomKey(21), masking, ...layout, ...more });

  it.each([
    [0.15, 0.8, 0.1],
    [0.4, 0.8, 0.1],
    [0.3, 1, 0],
    [0.2, 0.5, 0.5],
    [0.15, 0, 0.6],
  ])(
    'rate %d per position, %d masks, %d random tokens of all',
    async (maskProbability, maskTokenShare, randomTokenShare) => {
      const texts = await seen(loaderOf({ maskProbability, maskTokenShare, randomTokenShare }), 20);
      const masked = texts.flatMap((text) => text.masked);
      const total = texts.length * 30;
      expect(masked.length / total).toBeCloseTo(maskProbability, 3);
      // 30 places, drawn without replacement.
      const perPlace = Array.from(
        { length: 30 },
        (_place, at) => masked.filter(({ place }) => place === at + 1).length,
      );
      const each = perPlace.map(() => masked.length / 30);
      expect(chiSquare(perPlace, each) / (1 - maskProbability)).toBeLessThan(critical[29]);
      expect(masked.every(({ place, was }) => place > 0 && place < 31 && was > 4)).toBe(true);

      const masks = masked.filter(({ is }) => is === mask).length;
      const others = masked.filter(({ is, was }) => is !== mask && is !== was);
      const found = [masks, others.length, masked.length - masks - others.length];
      // One random token in 100 is what was there.
      const stays = 1 - maskTokenShare - randomTokenShare * (1 - 1 / words);
      const expected = [maskTokenShare, randomTokenShare * (1 - 1 / words), stays].map(
        (share) => share * masked.length,
      );
      const kept = [0, 1, 2].filter((at) => expected[at]! > 1e-6);
      [0, 1, 2].filter((at) => !kept.includes(at)).forEach((at) => expect(found[at]).toBe(0));
      const shares = chiSquare(
        kept.map((at) => found[at]!),
        kept.map((at) => expected[at]!),
      );
      expect(shares).toBeLessThan(kept.length === 1 ? 1e-9 : critical[(kept.length - 1) as 1 | 2]);

      if (others.length < 500) return;
      // Uniform over the 99 that were not there.
      const perWord = Array.from({ length: words }, (_word, at) => others.filter(({ is }) => is === at + 5).length);
      const evenly = perWord.map((_count, at) => others.filter(({ was }) => was !== at + 5).length / (words - 1));
      expect(chiSquare(perWord, evenly)).toBeLessThan(critical[99]);
    },
  );

  it('differ by epoch as independent draws do, and repeat by the key', async () => {
    const loader = loaderOf({});
    const of = async (own: MlmLoader, epoch: number): Promise<Set<string>> => {
      const found = new Set<string>();
      for await (const batch of own.epoch(epoch))
        for (const { masked } of seenIn(batch)) for (const { text, place } of masked) found.add(`${text}: ${place}`);
      return found;
    };
    const [first, second, again] = [await of(loader, 0), await of(loader, 1), await of(loaderOf({}), 0)];
    expect(again).toEqual(first);
    expect(await of(loaderOf({}, { key: randomKey(22) }), 0)).not.toEqual(first);
    const both = [...first].filter((place) => second.has(place)).length;
    const total = 320 * 30;
    const expected = (first.size * second.size) / total;
    // Of a hypergeometric draw.
    expect((both - expected) ** 2 / (expected * (1 - first.size / total) ** 2)).toBeLessThan(critical[1]);
  });

  it('evaluation has a rate of its own, fixed masks, and every text', async () => {
    const training = await seen(loaderOf({ maskProbability: 0.3 }), 1);
    const evaluation = loaderOf({ maskProbability: 0.15 }, { mode: 'evaluation' });
    const rate = (texts: readonly Seen[]): number => texts.flatMap(({ masked }) => masked).length / (texts.length * 30);
    const [first, again] = [await seen(evaluation, 1), await seen(evaluation, 1)];
    expect(again).toEqual(first);
    expect(first).toHaveLength(320);
    expect(rate(training)).toBeCloseTo(0.3, 2);
    expect(rate(first)).toBeCloseTo(0.15, 2);
  });

  it.each([{ wholeWords: true }, { spans: {} }, { wholeWords: false, spans: { probability: 0.5, longest: 3 } }])(
    'whole words stay whole, %o',
    async (masking) => {
      const texts = await seen(loaderOf(masking), 5);
      for (const { ids, masked } of texts) {
        const places = new Set(masked.map(({ place }) => place));
        ids.forEach((id, at) => {
          // A piece that continues a word is masked with what is before it.
          const sameWord = continues(id) && ids[at - 1]! > 4;
          expect(sameWord && places.has(at) !== places.has(at - 1)).toBe(false);
        });
        expect(masked.length).toBeGreaterThan(0);
      }
      const masked = texts.reduce((sum, text) => sum + text.masked.length, 0);
      expect(masked / (texts.length * 30)).toBeCloseTo(0.15, 2);
    },
  );
});

const long = textsOf(16, 2002);

describe.each([
  ['padded', { bucketLengths: [2002], batchSize: 16 }],
  ['packed', { packing: true, bucketLengths: [4004], batchSize: 8 }],
] as const)('spans of %s batches', (_, layout) => {
  it.each([
    [0.2, 10],
    [0.5, 10],
  ])('are as long as the geometric law with p = %d says, up to %d words', async (probability, longest) => {
    const masking = { maskProbability: 0.01, spans: { probability, longest } };
    const loader = new MlmLoader({ dataset: long, tokenizer, key: randomKey(31), masking, ...layout });
    const found = Array.from({ length: longest }, () => 0);
    let [spans, ofWords, asMasks, mixed] = [0, 0, 0, 0];
    for (const { ids, masked } of await seen(loader, 40)) {
      // Stretches of masked tokens, in words.
      let [length, masks, tokens] = [0, 0, 0];
      const close = (): void => {
        if (length === 0) return;
        // Two that touch count as one: less than one in a hundred.
        found[Math.min(length, longest) - 1]!++;
        spans++;
        ofWords += Math.min(length, longest);
        if (masks === tokens) asMasks++;
        else if (masks > 0) mixed++;
        [length, masks, tokens] = [0, 0, 0];
      };
      masked.forEach(({ place, is }, index) => {
        if (index > 0 && masked[index - 1]!.place !== place - 1) close();
        if (!continues(ids[place]!)) length++;
        if (is === mask) masks++;
        tokens++;
      });
      close();
    }
    const law = found.map((__, at) => probability * (1 - probability) ** at);
    const sum = law.reduce((a, b) => a + b, 0);
    const expected = law.map((share) => (share / sum) * spans);
    // Rare lengths together.
    const first = expected.findIndex((count) => count < 20);
    const cut = first < 0 ? longest : first;
    const joined = (values: readonly number[]): number[] =>
      cut === longest ? [...values] : [...values.slice(0, cut), values.slice(cut).reduce((a, b) => a + b, 0)];
    expect(spans).toBeGreaterThan(1500);
    expect(chiSquare(joined(found), joined(expected))).toBeLessThan(critical[9]);
    const mean = law.reduce((total, share, at) => total + (share * (at + 1)) / sum, 0);
    expect(Math.abs(ofWords / spans - mean)).toBeLessThan(0.06 * mean);
    // Of SpanBERT's numbers the paper's mean.
    expect(mean).toBeCloseTo(probability === 0.2 ? 3.8 : 1.99, 2);
    // One draw for each span.
    expect(mixed / spans).toBeLessThan(0.01);
    expect(chiSquare([asMasks, spans - asMasks], [0.8 * spans, 0.2 * spans])).toBeLessThan(critical[1]);
  });
});
