import fc from 'fast-check';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CheckpointError, DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import { checkVocabulary } from './check-vocabulary.js';
import { bertSpecialTokens } from './special-tokens.js';
import { trainWordPiece } from './train-word-piece.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

interface Golden {
  readonly lines: string[];
  readonly agreed: string[];
  readonly tokenizer: Record<string, unknown>;
  readonly encodings: { readonly text: string; readonly ids: number[] }[];
  readonly decodings: { readonly ids: number[]; readonly text: string }[];
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/golden/text/word-piece.json'), 'utf8'),
) as Golden;
const directory = mkdtempSync(join(tmpdir(), 'ssl-word-piece-'));
afterAll(() => rmSync(directory, { recursive: true }));

const reference = WordPieceTokenizer.fromJson(golden.tokenizer);
const vocabularyOf = (tokenizer: WordPieceTokenizer): string[] =>
  Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.idToToken(id)!);

describe('trainWordPiece', () => {
  it('learns the pieces that Hugging Face learns where ties do not decide', async () => {
    const tokenizer = await trainWordPiece({ lines: golden.lines, vocabSize: golden.agreed.length });
    expect(vocabularyOf(tokenizer).toSorted()).toEqual(golden.agreed.toSorted());
    expect(vocabularyOf(tokenizer).slice(0, 5)).toEqual(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']);
  });

  it('learns nearly the same pieces beyond', async () => {
    const tokenizer = await trainWordPiece({ lines: golden.lines, vocabSize: 400 });
    const theirs = new Set(vocabularyOf(reference));
    expect(tokenizer.vocabSize).toBe(400);
    expect(vocabularyOf(tokenizer).filter((token) => theirs.has(token)).length).toBeGreaterThan(370);
    const count = (one: WordPieceTokenizer): number =>
      golden.lines.reduce((sum, line) => sum + one.encode(line).length, 0);
    expect(Math.abs(count(tokenizer) / count(reference) - 1)).toBeLessThan(0.01);
  });

  it('gives the same bytes twice, from lines and from files', async () => {
    const path = join(directory, 'corpus.txt');
    writeFileSync(path, golden.lines.join('\n'));
    const [a, b] = [
      await trainWordPiece({ lines: golden.lines, vocabSize: 300 }),
      await trainWordPiece({ files: [path], vocabSize: 300 }),
    ];
    expect(JSON.stringify(b.toJson())).toBe(JSON.stringify(a.toJson()));
  });

  it('keeps case and accents if asked', async () => {
    const tokenizer = await trainWordPiece({ lines: ['Été Été Été'], vocabSize: 30, lowercase: false });
    expect(tokenizer.tokenToId('Été')).toBeDefined();
    expect(tokenizer.decode(tokenizer.encode('Été'))).toBe('Été');
  });

  it.each<[string, Buffer, RegExp]>([
    ['Latin-1', Buffer.from('Größe\nnaïve Größe\n', 'latin1'), /line 1 is not valid UTF-8: byte 0xf6 at 2;/],
    ['UTF-16', Buffer.from('\ufeffGröße\nnaïve Größe\n', 'utf16le'), /ff fe, the byte order mark of UTF-16LE/],
  ])('refuses a file in %s, and reads it as the message advises', async (_, bytes, message) => {
    const path = join(directory, 'encoded.txt');
    writeFileSync(path, bytes);
    const error = (await trainWordPiece({ files: [path], vocabSize: 50 }).catch((reason: unknown) => reason)) as Error;
    expect(DataError.isInstance(error)).toBe(true);
    expect(error.message).toMatch(message);
    const encoding = /encoding: '([^']+)'/.exec(error.message)![1]!;
    const options = { vocabSize: 50, minFrequency: 1, lowercase: false };
    const read = await trainWordPiece({ files: [path], encoding, ...options });
    expect(read.toJson()).toEqual((await trainWordPiece({ lines: ['Größe', 'naïve Größe'], ...options })).toJson());
    await expect(trainWordPiece({ files: [path], encoding: 'morse', ...options })).rejects.toThrow(InvalidOptionError);
  });

  it('reads compressed files, corpora of one line, and many empty lines in little time', async () => {
    const path = join(directory, 'corpus.gz');
    const words = 'low lower newest widest '.repeat(200_000);
    writeFileSync(path, gzipSync(words));
    const read = await trainWordPiece({ files: [path], vocabSize: 40 });
    expect(read.toJson()).toEqual((await trainWordPiece({ lines: [words], vocabSize: 40 })).toJson());
    await expect(trainWordPiece({ files: [path], vocabSize: 40, maxLineBytes: 1000 })).rejects.toThrow(DataError);
    writeFileSync(path, Buffer.alloc(1e7, '\n'));
    const before = process.cpuUsage();
    await expect(trainWordPiece({ files: [path], vocabSize: 40 })).rejects.toThrow(/holds no text/);
    expect(process.cpuUsage(before).user).toBeLessThan(2e6);
  });

  it('refuses bad options and missing text', async () => {
    await expect(trainWordPiece({ lines: ['abcdefghijkl'], vocabSize: 10 })).rejects.toThrow(/at least/);
    await expect(trainWordPiece({ lines: ['a'], vocabSize: 5 })).rejects.toThrow(InvalidOptionError);
    await expect(trainWordPiece({ vocabSize: 50 })).rejects.toThrow(InvalidOptionError);
    await expect(
      trainWordPiece({ lines: ['a'], vocabSize: 50, specialTokens: { ...bertSpecialTokens, sep: '[CLS]' } }),
    ).rejects.toThrow(InvalidOptionError);
    await expect(trainWordPiece({ lines: [' '], vocabSize: 50 })).rejects.toThrow(DataError);
    await expect(trainWordPiece({ files: [join(directory, 'missing.txt')], vocabSize: 50 })).rejects.toThrow(DataError);
  });
});

describe('WordPieceTokenizer against Hugging Face', () => {
  it.each(golden.encodings)('encodes $text', ({ text, ids }) => {
    expect(reference.encode(text)).toEqual(ids);
    expect(reference.encode(text)).toEqual(ids); // and again from memory
  });

  it.each(golden.decodings)('decodes $text', ({ ids, text }) => {
    expect(reference.decode(ids)).toBe(text);
  });
});

describe('WordPieceTokenizer', () => {
  it('encodes a text as its words one by one', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !/\s/u.test(text));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const apart = words.flatMap((text) => reference.encode(text, { addSpecialTokens: false }));
        expect(reference.encode(words.join(' '), { addSpecialTokens: false })).toEqual(apart);
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('cuts to maxLength and keeps [SEP]', () => {
    const text = golden.lines.join(' ');
    const ids = reference.encode(text, { maxLength: 9 });
    expect(ids).toEqual([...reference.encode(text).slice(0, 8), reference.specialIds.sep]);
    expect(reference.encode(text, { maxLength: 4, addSpecialTokens: false })).toEqual(
      reference.encode(text).slice(1, 5),
    );
    expect(() => reference.encode('a', { maxLength: 2 })).toThrow(InvalidOptionError);
  });

  it('pads batches', () => {
    const { inputIds, attentionMask } = reference.encodeBatch(['the river', 'the'], {});
    const { cls, sep, pad } = reference.specialIds;
    const [the, river] = reference.encode('the river', { addSpecialTokens: false });
    expect(inputIds).toEqual({ data: Int32Array.of(cls, the!, river!, sep, cls, the!, sep, pad), shape: [2, 4] });
    expect(attentionMask).toEqual({ data: Int32Array.of(1, 1, 1, 1, 1, 1, 1, 0), shape: [2, 4] });
    expect(reference.encodeBatch(['the'], { padding: 'maxLength', maxLength: 6 }).inputIds.shape).toEqual([1, 6]);
    expect(reference.encodeBatch([]).inputIds.shape).toEqual([0, 0]);
    expect(() => reference.encodeBatch(['the'], { padding: 'maxLength' })).toThrow(InvalidOptionError);
  });

  it('reads back what it saved, whole', async () => {
    const path = join(directory, 'tokenizer.json');
    await reference.save(path);
    const read = await WordPieceTokenizer.fromFile(path);
    for (const { text, ids } of golden.encodings) expect(read.encode(text)).toEqual(ids);
    expect(readdirSync(directory).filter((name) => name.includes('.tmp'))).toEqual([]);
    await expect(reference.save(join(directory, 'missing', 'tokenizer.json'))).rejects.toThrow(DataError);
  });

  it('refuses to decode an id beyond the vocabulary', () => {
    expect(() => reference.decode([reference.vocabSize])).toThrow(InvalidOptionError);
  });

  it('tells pieces that continue a word', () => {
    const continues = reference.continuations();
    expect(continues[reference.tokenToId('##s')!]).toBe(1);
    expect(continues[reference.tokenToId('the')!]).toBe(0);
  });

  const model = (changes: Record<string, unknown>): unknown => ({
    ...golden.tokenizer,
    model: { ...(golden.tokenizer['model'] as object), ...changes },
  });
  it.each([
    ['text that is not JSON', '{'],
    ['a list', []],
    ['no model', {}],
    ['another model', model({ type: 'BPE' })],
    ['a hole in the ids', model({ vocab: { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, '[MASK]': 4, a: 6 } })],
    ['an id for two tokens', model({ vocab: { '[PAD]': 0, '[UNK]': 0 } })],
    ['an id that is huge', model({ vocab: { '[PAD]': 4e9 } })],
    ['an id that is not a number', model({ vocab: { '[PAD]': '0' } })],
    ['a token that is too long', model({ vocab: { ['a'.repeat(1000)]: 0 } })],
    ['no unknown token', model({ unk_token: 'nowhere' })],
    ['an unknown normaliser', { ...golden.tokenizer, normalizer: { type: 'Nothing' } }],
    ['added tokens that are no list', { ...golden.tokenizer, added_tokens: 3 }],
  ])('refuses %s with a typed error', (_, document) => {
    expect(() => WordPieceTokenizer.fromJson(document, { path: 'tokenizer.json' })).toThrow(DataError);
    expect(() => WordPieceTokenizer.fromJson(document, { path: 'tokenizer.json' })).toThrow(/^tokenizer\.json: /);
  });

  it('never lets another error out, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => WordPieceTokenizer.fromJson(text)).toThrow(DataError);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('reads a file in the encoding that is said, and refuses another', async () => {
    const path = join(directory, 'utf-16.json');
    writeFileSync(path, Buffer.from(`\ufeff${JSON.stringify(golden.tokenizer)}`, 'utf16le'));
    await expect(WordPieceTokenizer.fromFile(path)).rejects.toThrow(/UTF-16LE; pass encoding: 'utf-16le'/);
    const read = await WordPieceTokenizer.fromFile(path, { encoding: 'utf-16le' });
    expect(vocabularyOf(read)).toEqual(vocabularyOf(reference));
    await expect(WordPieceTokenizer.fromFile(path, { maxBytes: 100 })).rejects.toThrow(/larger than 100 bytes/);
  });

  it('refuses missing files', async () => {
    await expect(WordPieceTokenizer.fromFile(join(directory, 'nothing.json'))).rejects.toThrow(DataError);
  });
});

describe('checkVocabulary', () => {
  it('refuses a vocabulary that does not fit the checkpoint', () => {
    expect(() => checkVocabulary(reference, reference.vocabSize)).not.toThrow();
    expect(() => checkVocabulary(reference, 8192, 'model.safetensors')).toThrow(CheckpointError);
    expect(() => checkVocabulary(reference, 8192, 'model.safetensors')).toThrow(/400 tokens .* 8192 rows/);
  });
});
