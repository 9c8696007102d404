import { describe, expect, it } from 'vitest';
import { bpeJson } from './bpe-json.js';
import { byteCharacters } from './byte-alphabet.js';
import { ByteLevelBpeTokenizer } from './byte-level-bpe-tokenizer.js';
import { tokenizerFromJson } from './load-tokenizer.js';
import { bertSpecialTokens, robertaSpecialTokens } from './special-tokens.js';
import { unigramJson } from './unigram-json.js';
import { UnigramTokenizer } from './unigram-tokenizer.js';

const special = Object.values(robertaSpecialTokens) as string[];
const bytes = [...special, ...byteCharacters];
const bpe = bpeJson(
  new Map([...bytes, 'aa', 'aaaa', 'ĠĠ'].map((token, id) => [token, id])),
  [
    ['a', 'a'],
    ['aa', 'aa'],
    ['Ġ', 'Ġ'],
  ],
  { addPrefixSpace: true, trimOffsets: true, specialTokens: robertaSpecialTokens },
);
const pieces = ['▁', 'a', 'b', ...Array.from({ length: 400 }, (_, length) => `${'a'.repeat(length + 2)}b`)];
const unigram = unigramJson(
  pieces.map((text, index) => ({ text, score: -1 - index / 100 })),
  { normalizer: 'nfkc', lowercase: true, specialTokens: bertSpecialTokens },
);
const decoder = (...decoders: object[]): object => ({ ...unigram, decoder: { type: 'Sequence', decoders } });

/** Processor time of a call, in seconds. */
function secondsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1e6;
}

describe('a tokenizer.json of byte-level BPE or Unigram from a stranger', () => {
  it.each<[string, object, RegExp]>([
    ['no pre-tokeniser', { ...bpe, pre_tokenizer: null }, /it has no pre_tokenizer; only BPE of bytes is read here/],
    ['words of another kind', { ...bpe, pre_tokenizer: { type: 'Whitespace' } }, /must be 'ByteLevel' or 'Sequence'/],
    [
      'bytes that are not last',
      {
        ...bpe,
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel' }, { type: 'WhitespaceSplit' }] },
      },
      /'pre_tokenizer.pretokenizers\[0\].type' must be one of 'BertPreTokenizer'/,
    ],
    ['a sequence of nothing', { ...bpe, pre_tokenizer: { type: 'Sequence' } }, /a list that ends with 'ByteLevel'/],
    [
      'another frame',
      { ...bpe, post_processor: { type: 'RobertaProcessing', sep: ['<s>', 2], cls: ['</s>', 3] } },
      /'post_processor.cls' must be \['<s>', id\]/,
    ],
    [
      'a pair that is turned round',
      {
        ...unigram,
        post_processor: {
          ...(unigram['post_processor'] as object),
          pair: ['B', 'A'].map((id) => ({ Sequence: { id, type_id: 0 } })),
        },
      },
      /'post_processor.pair' must be a template that has A and then B/,
    ],
    [
      'a token of a template that is none',
      {
        ...unigram,
        post_processor: {
          ...(unigram['post_processor'] as object),
          pair: [
            { Sequence: { id: 'A', type_id: 0 } },
            { SpecialToken: { id: '<none>', type_id: 0 } },
            { Sequence: { id: 'B', type_id: 0 } },
          ],
        },
      },
      /puts '<none>', which is not in the vocabulary/,
    ],
    [
      'a decoder that fills the memory',
      decoder({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' }),
      /'decoder.decoders\[0\].content' must be at most 1 characters/,
    ],
    ['an unknown decoder', { ...unigram, decoder: { type: 'CTC' } }, /must be 'Metaspace' or 'Sequence' \(write/],
    ['a mark of two characters', decoder({ type: 'Metaspace', replacement: '__' }), /must be one character/],
  ])('with %s is refused by name', (_, document, message) => {
    expect(() => tokenizerFromJson(document)).toThrow(message);
  });

  it('takes little time on long texts, also with places', () => {
    const tokenizers = [ByteLevelBpeTokenizer.fromJson(bpe), UnigramTokenizer.fromJson(unigram)];
    const texts = ['a'.repeat(60_000), `${' '.repeat(200_000)}<mask>x[MASK]`, 'é\u0301 '.repeat(30_000)];
    texts.push('<mask> [MASK] '.repeat(5000), '\u{1f600}'.repeat(30_000), 'a b'.repeat(60_000));
    for (const tokenizer of tokenizers)
      for (const text of texts) {
        expect(secondsOf(() => tokenizer.encode(text))).toBeLessThan(3);
        expect(secondsOf(() => tokenizer.encodeText(text, { maxLength: 512, stride: 256 }))).toBeLessThan(5);
      }
  });
});
