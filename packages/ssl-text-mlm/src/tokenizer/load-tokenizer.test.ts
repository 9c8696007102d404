import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bpeJson } from './bpe-json.js';
import { ByteLevelBpeTokenizer } from './byte-level-bpe-tokenizer.js';
import { loadTokenizer, tokenizerFromJson } from './load-tokenizer.js';
import { bertSpecialTokens, robertaSpecialTokens } from './special-tokens.js';
import { unigramJson } from './unigram-json.js';
import { UnigramTokenizer } from './unigram-tokenizer.js';
import { wordPieceJson } from './word-piece-json.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

const special = Object.values(robertaSpecialTokens) as string[];
const bpe = bpeJson(
  new Map([...special, 'a', 'b', 'Ġ', 'ab', 'Ġab'].map((token, id) => [token, id])),
  [
    ['a', 'b'],
    ['Ġ', 'ab'],
  ],
  { addPrefixSpace: false, trimOffsets: true, specialTokens: robertaSpecialTokens },
);
const unigram = unigramJson(
  [
    { text: '▁ab', score: -1 },
    { text: '▁', score: -2 },
    { text: 'a', score: -3 },
    { text: 'b', score: -3 },
  ],
  { normalizer: 'nfkc', lowercase: false, specialTokens: bertSpecialTokens },
);
const wordPiece = wordPieceJson(
  [...Object.values(bertSpecialTokens), 'ab', 'a', '##b'] as string[],
  bertSpecialTokens,
  {
    lowercase: true,
  },
);
const kinds = [
  ['WordPiece', wordPiece, WordPieceTokenizer],
  ['BPE', bpe, ByteLevelBpeTokenizer],
  ['Unigram', unigram, UnigramTokenizer],
] as const;

const root = mkdtempSync(join(tmpdir(), 'ssl-load-tokenizer-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
let folders = 0;
beforeEach(() => {
  folder = join(root, String(folders++));
  mkdirSync(folder);
});
const write = (name: string, value: unknown): void =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));

describe('loadTokenizer', () => {
  it.each(kinds)(
    'reads %s, from a file, a folder and what is saved, also where the kind is not written',
    async (_, json, of) => {
      write('tokenizer.json', json);
      const read = await loadTokenizer(join(folder, 'tokenizer.json'));
      expect(read).toBeInstanceOf(of);
      const ids = read.encode('ab ab');
      expect(read.decode(ids)).toBe('ab ab');
      expect(await loadTokenizer(folder)).toBeInstanceOf(of);
      await read.save(join(folder, 'tokenizer.json'));
      expect((await loadTokenizer(folder)).encode('ab ab')).toEqual(ids);
      const { type: __, ...model } = json['model'] as Record<string, unknown>;
      expect(tokenizerFromJson({ ...json, model }).encode('ab ab')).toEqual(ids);
      expect(tokenizerFromJson(JSON.stringify(json)).encode('ab ab')).toEqual(ids);
    },
  );

  it('reads what older programs wrote', async () => {
    write('vocab.json', (bpe['model'] as { readonly vocab: object }).vocab);
    write('merges.txt', '#version: 0.2\na b\nĠ ab\n');
    expect((await loadTokenizer(folder)).encode('ab ab')).toEqual([2, 8, 9, 3]);
    write('tokenizer_config.json', { tokenizer_class: 'RobertaTokenizer', add_prefix_space: true, errors: 'replace' });
    expect((await loadTokenizer(folder)).encode('ab ab')).toEqual([2, 9, 9, 3]);
    write('merges.txt', 'a b c\n');
    await expect(loadTokenizer(folder)).rejects.toThrow(/merges.txt: line 1 must be two tokens/);
    rmSync(join(folder, 'vocab.json'));
    write('vocab.txt', [...Object.values(bertSpecialTokens), 'ab'].join('\n'));
    rmSync(join(folder, 'tokenizer_config.json'));
    expect(await loadTokenizer(folder)).toBeInstanceOf(WordPieceTokenizer);
  });

  it.each([
    ['DebertaV2Tokenizer', unigram, { split_by_punct: false, do_lower_case: false, unk_id: 1, vocab_type: 'spm' }],
    ['RobertaTokenizerFast', bpe, { add_prefix_space: false, trim_offsets: true, errors: 'replace' }],
    ['PreTrainedTokenizerFast', bpe, { model_max_length: 8192, clean_up_tokenization_spaces: true }],
  ])('takes the tokenizer_config.json of %s', async (name, json, more) => {
    write('tokenizer.json', json);
    write('tokenizer_config.json', { tokenizer_class: name, ...more });
    expect((await loadTokenizer(folder)).encode('ab').length).toBeGreaterThan(2);
  });

  it.each<[string, object, Record<string, unknown>, RegExp]>([
    ['a class of another kind', bpe, { tokenizer_class: 'BertTokenizer' }, /'tokenizer_class' must be one of RobertaT/],
    ['cuts that are not done here', unigram, { split_by_punct: true }, /'split_by_punct' must be false/],
    ['another space before texts', bpe, { add_prefix_space: true }, /'add_prefix_space' is true, and otherwise/],
    ['padding on the left', bpe, { padding_side: 'left' }, /'padding_side' must be 'right'/],
  ])('refuses %s', async (_, json, config, message) => {
    write('tokenizer.json', json);
    write('tokenizer_config.json', config);
    await expect(loadTokenizer(folder)).rejects.toThrow(message);
    await expect(loadTokenizer(folder)).rejects.toThrow(DataError);
  });

  it('refuses other kinds by name, and what is none', async () => {
    expect(() => tokenizerFromJson({ ...bpe, model: { type: 'WordLevel', vocab: {} } })).toThrow(
      /'model.type' must be 'WordPiece', 'BPE' or 'Unigram', got 'WordLevel' \(encode with another library/,
    );
    for (const document of [null, 3, [], {}, { model: null }, { model: [] }])
      expect(() => tokenizerFromJson(document)).toThrow(DataError);
    expect(() => tokenizerFromJson('{')).toThrow(/not valid JSON/);
    await expect(loadTokenizer(folder)).rejects.toThrow(/has none of tokenizer.json, vocab.txt or vocab.json/);
    await expect(loadTokenizer(join(folder, 'missing'))).rejects.toThrow(DataError);
    await expect(loadTokenizer(folder, { encodin: 'utf-8' } as object)).rejects.toThrow(InvalidOptionError);
  });

  it('finds the special tokens by their usual names, or takes those that are given', () => {
    expect(tokenizerFromJson(bpe).specialTokens).toEqual(robertaSpecialTokens);
    expect(tokenizerFromJson(unigram).specialTokens).toEqual(bertSpecialTokens);
    const names = { ...robertaSpecialTokens, mask: 'ab' };
    expect(tokenizerFromJson(bpe, { specialTokens: names }).specialIds.mask).toBe(8);
    expect(() => tokenizerFromJson(bpe, { specialTokens: bertSpecialTokens })).toThrow(
      /lacks the special token '\[PAD\]'; pass its names as specialTokens/,
    );
  });
});
