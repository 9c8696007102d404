import { DataError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { knownPatterns } from './known-patterns.js';
import { bertSpecialTokens } from './special-tokens.js';
import { wordPieceJson } from './word-piece-json.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##a'];
const good = wordPieceJson(tokens, bertSpecialTokens, { lowercase: true });
const model = good['model'] as Record<string, unknown>;
const bert = good['normalizer'] as Record<string, unknown>;
const post = good['post_processor'] as Record<string, unknown>;
const split = (pattern: unknown): unknown => ({ type: 'Split', pattern, behavior: 'Isolated', invert: false });
const replace = (pattern: unknown, content: unknown): unknown => ({ type: 'Replace', pattern, content });
const nested = (key: string, depth: number): unknown => {
  let value: unknown = { type: 'Sequence', [key]: [] };
  for (let level = 0; level < depth; level++) value = { type: 'Sequence', [key]: [value] };
  return value;
};

/** Processor time of a call, in seconds. */
function secondsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1e6;
}

describe('a tokenizer.json from a stranger', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      '(a+)+$',
      { pre_tokenizer: split({ Regex: '(a+)+$' }) },
      /'pre_tokenizer.pattern.Regex' must be one of .*'\(a\+\)\+\$'/,
    ],
    [
      'another slow one',
      { pre_tokenizer: split({ Regex: '(\\w|\\d)*!' }) },
      /Regex' must be one of .*write a fixed text/,
    ],
    ['one in a replacement', { normalizer: replace({ Regex: '^(\\s+)*$' }, '') }, /'normalizer.pattern.Regex'/],
    [
      'one in a sequence',
      { normalizer: { type: 'Sequence', normalizers: [bert, replace({ Regex: 'a*a*b' }, '')] } },
      /normalizers\[1\].pattern/,
    ],
    [
      'a pattern of two kinds',
      { pre_tokenizer: split({ Regex: '\\s', String: ' ' }) },
      /one of the strings String and Regex/,
    ],
    [
      'an empty pattern',
      { normalizer: replace({ String: '' }, 'a') },
      /'normalizer.pattern.String' must be a text of 1 to 512/,
    ],
    ['a pattern that is a text', { pre_tokenizer: split('a') }, /'pre_tokenizer.pattern' must be an object, got 'a'/],
    [
      'replacements that fill the memory',
      { normalizer: { type: 'Sequence', normalizers: Array(3).fill(replace({ String: 'a' }, 'aaaaa')) } },
      /125 times longer by its replacements, the limit is 64/,
    ],
    ['a deep sequence', { normalizer: nested('normalizers', 9) }, /is nested more than 8 deep; write one sequence/],
    ['a deep sequence of splits', { pre_tokenizer: nested('pretokenizers', 9) }, /is nested more than 8 deep/],
    ['a deeper document', { truncation: { strategy: nested('a', 20_000) } }, /nested deeper than any tokeniser/],
    [
      'a long sequence',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: Array(65).fill({ type: 'Whitespace' }) } },
      /has 65 entries, the limit is 64/,
    ],
    [
      'an unknown normaliser',
      { normalizer: { type: 'Nmt' } },
      /'normalizer.type' must be one of 'BertNormalizer'.*got 'Nmt'/,
    ],
    [
      'an unknown pre-tokeniser',
      { pre_tokenizer: { type: 'ByteLevel' } },
      /'pre_tokenizer.type' must be one of 'BertPreTokenizer'.*'ByteLevel'/,
    ],
    ['an unknown decoder', { decoder: { type: 'Metaspace' } }, /'decoder.type' must be 'WordPiece' \(write/],
    ['an unknown field', { normalizer: { ...bert, extra: 1 } }, /'normalizer.extra' is not known here/],
    ['an unknown field of the file', { extra: 1 }, /'extra' is not known here/],
    [
      'a setting that is left out',
      { normalizer: { type: 'BertNormalizer', lowercase: true } },
      /'normalizer.clean_text' must be true or false, got nothing/,
    ],
    [
      'a setting of another type',
      { normalizer: { ...bert, lowercase: 'true' } },
      /'normalizer.lowercase' must be true or false, got 'true'/,
    ],
    [
      'a word length without bounds',
      { model: { ...model, max_input_chars_per_word: 1e9 } },
      /max_input_chars_per_word' must be an integer from 0 to 10000/,
    ],
    [
      'a prefix that is a number',
      { model: { ...model, continuing_subword_prefix: 3 } },
      /'model.continuing_subword_prefix' must be a string, got 3/,
    ],
    [
      'an id that has no text',
      { model: { ...model, vocab: { a: { toString: null } } } },
      /token 'a' has the id an object/,
    ],
    [
      'half a surrogate pair as a token',
      { model: { ...model, vocab: { ...(model['vocab'] as object), '\ud800': 7 } } },
      /half a surrogate pair/,
    ],
    ['one token under two ids', { added_tokens: [{ id: 7, content: 'a' }] }, /'a' has the ids 5 and 7/],
    [
      'an added token without text',
      { added_tokens: [{ id: 7, content: '' }] },
      /'added_tokens\[0\].content' must be a text/,
    ],
    ['an added token that is a text', { added_tokens: ['a'] }, /'added_tokens\[0\]' must be an object, got 'a'/],
    [
      'BPE',
      { model: { type: 'BPE', vocab: {}, merges: [] } },
      /'model.type' must be 'WordPiece' \(read byte-level BPE and Unigram with loadTokenizer; encode others with another library/,
    ],
    ['another version', { version: '2.0' }, /'version' must be '1.0'/],
    [
      'a frame that is another',
      { post_processor: { ...post, single: (post['single'] as unknown[]).slice(1) } },
      /'post_processor' puts \$A \[SEP\] where encode puts \[CLS\] \$A \[SEP\]/,
    ],
    [
      "RoBERTa's frame",
      { post_processor: { type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 0] } },
      /'post_processor.cls' must be \['\[CLS\]', id\]/,
    ],
    ['an unknown frame', { post_processor: { type: 'ByteLevel' } }, /'post_processor.type' must be one of/],
  ])('with %s is refused by name', (_, changes, message) => {
    const read = (): unknown => WordPieceTokenizer.fromJson({ ...good, ...changes }, { path: 'tokenizer.json' });
    expect(read).toThrow(DataError);
    expect(read).toThrow(/^tokenizer\.json: not a usable tokenizer\.json: /);
    expect(read).toThrow(message);
  });

  it('may leave the frame out, as the message advises', () => {
    const { post_processor: _, ...rest } = good;
    expect(WordPieceTokenizer.fromJson(rest).encode('aa')).toEqual([2, 5, 6, 3]);
    expect(WordPieceTokenizer.fromJson({ ...good, decoder: null }).decode([5, 6])).toBe('a ##a');
  });

  it('is not read although it holds itself', () => {
    const loop: Record<string, unknown> = { type: 'Sequence' };
    loop['normalizers'] = [loop];
    expect(() => WordPieceTokenizer.fromJson({ ...good, normalizer: loop })).toThrow(DataError);
  });

  it.each(knownPatterns)('may hold the pattern %s, which takes time proportional to the text', (pattern) => {
    const tokenizer = WordPieceTokenizer.fromJson({
      ...good,
      normalizer: null,
      pre_tokenizer: split({ Regex: pattern }),
    });
    const texts = [
      "'".repeat(200_000),
      `${' '.repeat(200_000)}x`,
      `${'\n'.repeat(200_000)}x`,
      `${' \n'.repeat(100_000)}x`,
    ];
    texts.push('1'.repeat(200_000), `${'a'.repeat(200_000)}!`, '.'.repeat(200_000), 'a1 .'.repeat(50_000));
    for (const text of texts) expect(secondsOf(() => tokenizer.encode(text))).toBeLessThan(2);
  });

  it('may have long pieces that nearly fit everywhere', () => {
    const pieces = Array.from({ length: 500 }, (_, length) => `##${'a'.repeat(length + 1)}b`);
    const vocab = Object.fromEntries([...tokens, ...pieces].map((token, id) => [token, id]));
    const tokenizer = WordPieceTokenizer.fromJson({
      ...good,
      model: { ...model, vocab, max_input_chars_per_word: 10_000 },
    });
    const text = `${'a'.repeat(10_000)} `.repeat(3);
    expect(secondsOf(() => expect(tokenizer.encode(text)).toHaveLength(30_002))).toBeLessThan(5);
  });
});
