import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import { corpusLines, textGolden } from '../../../../test/support/subword-lines.js';
import type { ByteLevelBpeTokenizer } from './byte-level-bpe-tokenizer.js';
import { trainByteLevelBpe } from './train-byte-level-bpe.js';
import type { VocabularyProgress } from './training-texts.js';

const golden = textGolden<{ readonly vocabulary: string[]; readonly model: { readonly merges: unknown } }>(
  'byte-level-bpe.json',
);
const corpus = corpusLines();
const folder = mkdtempSync(join(tmpdir(), 'ssl-train-bpe-'));
afterAll(() => rmSync(folder, { recursive: true }));
const vocabularyOf = (tokenizer: ByteLevelBpeTokenizer): string[] =>
  Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.idToToken(id)!);
const mergesOf = (tokenizer: ByteLevelBpeTokenizer): unknown =>
  (tokenizer.toJson()['model'] as { readonly merges: unknown }).merges;

describe('trainByteLevelBpe', () => {
  it("learns the vocabulary and the merges of Hugging Face's trainer, on a corpus of many scripts", async () => {
    const tokenizer = await trainByteLevelBpe({ lines: corpus, vocabSize: 1500 });
    expect(vocabularyOf(tokenizer)).toEqual(golden.vocabulary);
    expect(mergesOf(tokenizer)).toEqual(golden.model.merges);
  });

  it('learns the same of files, also compressed, and tells how far it is', async () => {
    const lines = corpus.filter((line) => !/[\r\n]/.test(line) && /[a-z]/.test(line));
    const paths = [join(folder, 'a.txt'), join(folder, 'b.txt.gz')];
    writeFileSync(paths[0]!, lines.slice(0, 700).join('\n'));
    writeFileSync(paths[1]!, gzipSync(lines.slice(700).join('\n')));
    const told: VocabularyProgress[] = [];
    const options = { vocabSize: 700, onProgress: (progress: VocabularyProgress) => told.push(progress) };
    const read = await trainByteLevelBpe({ files: paths, ...options });
    expect(read.toJson()).toEqual((await trainByteLevelBpe({ lines, vocabSize: 700 })).toJson());
    expect(told[0]).toEqual({ stage: 'counting', done: lines.length });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    controller.abort(new DataError('enough'));
    await expect(trainByteLevelBpe({ lines: corpus, vocabSize: 700, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    const later = new AbortController();
    function* endless(): Generator<string> {
      for (let count = 0; ; count++) {
        if (count === 50) later.abort(new DataError('later'));
        yield 'a text';
      }
    }
    await expect(trainByteLevelBpe({ lines: endless(), vocabSize: 700, signal: later.signal })).rejects.toThrow(
      'later',
    );
  });

  it('keeps the alphabet, the frequency and the names that are asked for', async () => {
    const names = { pad: '[PAD]', unk: '[UNK]', cls: '[CLS]', sep: '[SEP]', mask: '[MASK]' };
    const seen = await trainByteLevelBpe({
      lines: ['abab abab', 'cd'],
      vocabSize: 50,
      alphabet: 'seen',
      specialTokens: names,
    });
    expect(vocabularyOf(seen)).toEqual([...Object.values(names), 'a', 'b', 'c', 'd', 'Ġ', 'ab', 'abab']);
    expect(seen.decode(seen.encode('abab[MASK]'))).toBe('abab');
    const often = await trainByteLevelBpe({
      lines: ['abab abab', 'cd'],
      vocabSize: 50,
      alphabet: 'seen',
      minFrequency: 4,
    });
    expect(vocabularyOf(often).slice(5)).toEqual(['a', 'b', 'c', 'd', 'Ġ', 'ab']);
    const prefixed = await trainByteLevelBpe({ lines: ['ab ab'], vocabSize: 300, addPrefixSpace: true });
    expect(prefixed.encode('ab', { addSpecialTokens: false })).toEqual([prefixed.tokenToId('Ġab')]);
  });

  it('learns of a long line without white space in little time', async () => {
    let state = 1;
    const draw = (): number => (state = (state * 16807) % 2147483647) % 26;
    const text = Array.from({ length: 300_000 }, () => String.fromCharCode(97 + draw())).join('');
    const before = process.cpuUsage();
    expect((await trainByteLevelBpe({ lines: [text], vocabSize: 300 })).vocabSize).toBe(300);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
  });

  it('makes no token that could not be read again', async () => {
    const lines = ['='.repeat(3000), '='.repeat(3000)];
    const tokenizer = await trainByteLevelBpe({ lines, vocabSize: 400 });
    expect(Math.max(...vocabularyOf(tokenizer).map((token) => token.length))).toBe(512);
    expect(tokenizer.decode(tokenizer.encode(lines[0]!))).toBe(lines[0]);
  });

  it('refuses bad options and missing text', async () => {
    await expect(trainByteLevelBpe({ lines: ['a'], vocabSize: 200 })).rejects.toThrow(/from 261 to 1000000/);
    await expect(trainByteLevelBpe({ vocabSize: 300 })).rejects.toThrow(InvalidOptionError);
    await expect(trainByteLevelBpe({ lines: [''], vocabSize: 300 })).rejects.toThrow(DataError);
    await expect(trainByteLevelBpe({ lines: ['a'], vocabSize: 300, alphabet: 'all' as 'seen' })).rejects.toThrow(
      /'bytes' or 'seen'/,
    );
    await expect(trainByteLevelBpe({ lines: ['a'], vocabSize: 300, signal: {} as AbortSignal })).rejects.toThrow(
      /an AbortSignal/,
    );
  });
});
