import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import { corpusLines, textGolden } from '../../../../test/support/subword-lines.js';
import { robertaSpecialTokens } from './special-tokens.js';
import { trainUnigram, type TrainUnigramOptions } from './train-unigram.js';
import type { UnigramTokenizer } from './unigram-tokenizer.js';

interface Trained {
  readonly vocab: readonly (readonly [string, number])[];
  readonly agreed: readonly string[];
  readonly sometimes: readonly string[];
}
const { trained } = textGolden<{ readonly trained: Readonly<Record<string, Trained>> }>('unigram-trained.json');
const corpus = corpusLines().map((line) => line.replaceAll('<', '('));
const vocabularyOf = (tokenizer: UnigramTokenizer): (readonly [string, number])[] =>
  (tokenizer.toJson()['model'] as { readonly vocab: (readonly [string, number])[] }).vocab;
const plain = { normalizer: 'none', specialTokens: robertaSpecialTokens } as const;
const folder = mkdtempSync(join(tmpdir(), 'ssl-train-unigram-'));
afterAll(() => rmSync(folder, { recursive: true }));

const learn = (size: number, more: Partial<TrainUnigramOptions> = {}): Promise<UnigramTokenizer> =>
  trainUnigram({ lines: corpus, vocabSize: size, ...plain, ...more });

describe('trainUnigram', () => {
  it("learns the tokens and scores of Hugging Face's trainer where nothing is pruned, on many scripts", async () => {
    const { vocab, sometimes } = trained['900']!;
    const made = vocabularyOf(await learn(900));
    expect(sometimes).toEqual([]);
    expect(made.map(([token]) => token).toSorted()).toEqual(vocab.map(([token]) => token).toSorted());
    // Characters that no piece was left of get scores below all others, in an order that changes from run to run there.
    const scores = new Map(vocab);
    const least = Math.min(...made.map(([, score]) => score)) + 0.0001 * made.length;
    const seen = made.filter(([token, score]) => Array.from(token).length > 1 || score > least);
    expect(seen.length).toBeGreaterThan(600);
    for (const [token, score] of seen) expect(Math.abs(score - scores.get(token)!)).toBeLessThan(1e-6);
  });

  it.each(['600', '640'] as const)('learns its tokens and scores where pieces are pruned, %s', async (size) => {
    const { vocab, sometimes } = trained[size]!;
    expect(sometimes).toEqual([]);
    const made = vocabularyOf(await learn(Number(size)));
    expect(made.map(([token]) => token).toSorted()).toEqual(vocab.map(([token]) => token).toSorted());
    const scores = new Map(vocab);
    const least = Math.min(...made.map(([, score]) => score)) + 0.0001 * made.length;
    const seen = made.filter(([token, score]) => Array.from(token).length > 1 || score > least);
    expect(seen.length).toBeGreaterThan(300);
    for (const [token, score] of seen) expect(Math.abs(score - scores.get(token)!)).toBeLessThan(1e-6);
  });

  it('gives the same bytes twice, from lines and from files', async () => {
    const lines = corpus.filter((line) => !/[\r\n]/.test(line) && /[a-z]/.test(line));
    const path = join(folder, 'corpus.txt');
    writeFileSync(path, lines.join('\n'));
    const [a, b] = [
      await trainUnigram({ lines, vocabSize: 500 }),
      await trainUnigram({ files: [path], vocabSize: 500 }),
    ];
    expect(JSON.stringify(b.toJson())).toBe(JSON.stringify(a.toJson()));
    expect(a.vocabSize).toBe(500);
    expect(a.decode(a.encode('  The  light\twater '))).toBe('The light water');
    const lower = await trainUnigram({ lines, vocabSize: 500, lowercase: true });
    expect(lower.encode('THE')).toEqual(lower.encode('the'));
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const training = trainUnigram({
      lines: corpus,
      vocabSize: 500,
      signal: controller.signal,
      onProgress: ({ stage }) => {
        if (stage === 'counting') controller.abort(new DataError('enough'));
      },
    });
    await expect(training).rejects.toThrow('enough');
  });

  it('refuses bad options and missing text', async () => {
    await expect(trainUnigram({ lines: ['abc'], vocabSize: 7 })).rejects.toThrow(/vocabSize must be at least 9/);
    await expect(trainUnigram({ lines: ['a'], vocabSize: 5 })).rejects.toThrow(InvalidOptionError);
    await expect(trainUnigram({ vocabSize: 50 })).rejects.toThrow(InvalidOptionError);
    await expect(trainUnigram({ lines: ['  '], vocabSize: 50 })).rejects.toThrow(DataError);
    await expect(trainUnigram({ lines: ['a'], vocabSize: 50, shrinkingFactor: 1 })).rejects.toThrow(/between 0 and 1/);
    await expect(trainUnigram({ lines: ['a'], vocabSize: 50, normalizer: 'nfd' as 'nfc' })).rejects.toThrow(
      /'nfkc', 'nfc' or 'none'/,
    );
    expect((await trainUnigram({ lines: ['abc'], vocabSize: 9 })).vocabSize).toBe(9);
  });
});
