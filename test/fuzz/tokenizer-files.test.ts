/** Bytes of `tokenizer.json` of the three kinds from strangers, and expressions that would take exponential time. */
import { loadTokenizer, tokenizerFromJson } from '@selfsup/ssl-text-mlm';
import { DataError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { textGolden } from '../support/subword-lines.js';
import { describeFuzz, problemOf } from './describe-fuzz.js';
import { hostileTexts } from './hostile-texts.js';
import { bpeSeeds, unigramSeeds } from './subword-seeds.js';

const { tokenizer: wordPiece } = textGolden<{ readonly tokenizer: object }>('word-piece.json');
const kinds = { wordPiece, byteLevelBpe: bpeSeeds[0]!, unigram: unigramSeeds[0]! };

describeFuzz(
  'tokenizer.json of each kind, by its bytes',
  Object.entries(kinds).map(([name, document]) => ({
    name: `${name}.json`,
    bytes: Buffer.from(JSON.stringify(document)),
  })),
  async (path) => {
    const tokenizer = await loadTokenizer(path);
    for (const text of ['a b größer', '\ud83e\u0301 [MASK]<x>']) {
      const ids = tokenizer.encode(text);
      expect(ids.every((id) => id >= 0 && id < tokenizer.vocabSize)).toBe(true);
      expect(typeof tokenizer.decode(ids)).toBe('string');
    }
  },
  { maxAllocation: 2 ** 27, headerBytes: 4000 },
);

/** Of texts of some dozens of characters they take longer than the sun. */
const slow = [
  '(a+)+$',
  '(a*)*b',
  '(a|a)*b',
  '(a|aa)+$',
  '(\\w+\\s?)*!',
  '^(\\s+)*$',
  '(.*a){20}',
  '([a-z]+)*\\d',
  '(?:a?){30}a{30}',
  '(x+x+)+y',
  '((a|b)*)*c',
  '\\s*\\s*\\s*\\s*\\s*x',
  '(?=(a+)+$)a',
  '(?<=(a+)+)b',
];
const part = (Regex: string) => ({ pattern: { Regex } });
const places: Record<string, (Regex: string, document: Record<string, unknown>) => object> = {
  'a replacement': (Regex) => ({ normalizer: { type: 'Replace', ...part(Regex), content: '' } }),
  'a replacement in a sequence': (Regex) => ({
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Replace', ...part(Regex), content: 'x' }] },
  }),
  'a split': (Regex) => ({ pre_tokenizer: { type: 'Split', ...part(Regex), behavior: 'Isolated', invert: false } }),
  'a split in a sequence': (Regex, document) => ({
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', ...part(Regex), behavior: 'Removed', invert: true },
        document['pre_tokenizer'] ?? { type: 'Whitespace' },
      ],
    },
  }),
  'a decoder': (Regex) => ({ decoder: { type: 'Replace', ...part(Regex), content: '' } }),
  'a decoder in a sequence': (Regex) => ({
    decoder: { type: 'Sequence', decoders: [{ type: 'Replace', ...part(Regex), content: '' }, { type: 'Fuse' }] },
  }),
};

describe.each(Object.entries(kinds))('expressions of exponential time in %s', (_, document) => {
  it.each(Object.entries(places))('are refused in %s', async (__, change) => {
    for (const pattern of slow) {
      const hostile = { ...document, ...change(pattern, document as Record<string, unknown>) };
      const use = async (): Promise<void> => {
        const tokenizer = tokenizerFromJson(hostile, { path: 'tokenizer.json' });
        for (const text of hostileTexts) tokenizer.decode(tokenizer.encode(text));
      };
      expect([pattern, await problemOf(use, Infinity, DataError)]).toEqual([pattern, 'refused']);
      await expect(use()).rejects.toThrow(/tokenizer\.json: /);
    }
  });
});
