import { inflateSync } from 'node:zlib';
import { DataError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  differingBlocks,
  drawnLines,
  type EncodingDigests,
  placesOf,
  testedLines,
  textGolden,
} from '../../../../test/support/subword-lines.js';
import type { EncodeTextOptions } from './text-tokenizer.js';
import { UnigramTokenizer } from './unigram-tokenizer.js';

interface Case extends EncodingDigests {
  readonly document: object;
  readonly withBytes: boolean;
}
interface WindowCase {
  readonly text: string;
  readonly pair?: string;
  readonly settings: { readonly max_length: number; readonly stride?: number; readonly strategy?: string };
  readonly windows: readonly { readonly ids: string; readonly types: string; readonly places: string }[];
}
type Vocabulary = readonly (readonly [string, number])[];
const golden = textGolden<{
  readonly model: { readonly vocab: Vocabulary };
  readonly documents: Readonly<Record<string, Case>>;
  readonly windows: { readonly plain: readonly WindowCase[] };
}>('unigram.json');
/** The rules of SentencePiece's own `nmt_nfkc`, which XLM-R and DeBERTa-v3 have too. */
const rules = inflateSync(
  Buffer.from(textGolden<{ readonly deflated: string }>('sentencepiece-map.json').deflated, 'base64'),
).toString('base64');
const bytes: Vocabulary = Array.from({ length: 256 }, (_, byte) => [
  `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  -12,
]);
const documentOf = ({ document, withBytes }: Case): Record<string, unknown> => ({
  ...(JSON.parse(JSON.stringify(document).replace('"MAP"', JSON.stringify(rules))) as object),
  model: withBytes ? { ...golden.model, vocab: [...golden.model.vocab, ...bytes], byte_fallback: true } : golden.model,
});
const plain = UnigramTokenizer.fromJson(documentOf(golden.documents['plain']!));
const lines = drawnLines(testedLines);

describe("Unigram against Hugging Face's Rust library", () => {
  it.each(Object.entries(golden.documents))(
    '%s: ids, places and decoded texts of lines in many scripts',
    { timeout: 600_000 },
    (_, made) => {
      expect(differingBlocks(UnigramTokenizer.fromJson(documentOf(made)), lines, made)).toEqual([]);
    },
  );

  it('pairs, truncation and stride', () => {
    for (const { text, pair, settings, windows } of golden.windows.plain) {
      const truncate = settings.strategy?.slice('only_'.length) as EncodeTextOptions['truncate'];
      const made = plain.encodeText(text, {
        maxLength: settings.max_length,
        ...(pair === undefined ? {} : { pair }),
        ...(truncate === undefined ? {} : { truncate }),
        ...(settings.stride === undefined ? {} : { stride: settings.stride }),
      });
      const shown = made.map(({ ids, typeIds, offsets }) => ({
        ids: ids.join(' '),
        types: typeIds.join(' '),
        places: placesOf(offsets),
      }));
      expect(shown).toEqual(windows);
    }
  });
});

describe('UnigramTokenizer', () => {
  it('takes time in proportion to a word', () => {
    const text = 'walkriver'.repeat(30_000);
    const before = process.cpuUsage();
    expect(plain.decode(plain.encode(text))).toBe(text);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });

  it('says which pieces go on with a word', () => {
    const goesOn = plain.continuations();
    const of = (token: string): number => goesOn[plain.tokenToId(token)!]!;
    expect([of('a'), of('▁'), of('.'), of('<mask>'), of('▁the')]).toEqual([1, 0, 0, 0, 0]);
  });

  it.each<[string, object, RegExp]>([
    ['an entry that is a text', { vocab: ['a'] }, /'model.vocab\[0\]' must be a token and its score/],
    ['a score that is none', { vocab: [['a', null]] }, /'model.vocab\[0\]'/],
    [
      'a token that comes twice',
      {
        vocab: [
          ['a', 0],
          ['a', -1],
        ],
      },
      /'a' has the ids 0 and 1/,
    ],
    ['no vocabulary', { vocab: [] }, /'model.vocab' must be a list/],
    ['an unknown token beyond', { unk_id: 1e6 }, /'model.unk_id' must be an integer/],
    ['no unknown token', { unk_id: null }, /'model.unk_id' must be an integer/],
    ['ids that are drawn', { alpha: 0.1 }, /'model.alpha' must be null/],
  ])('refuses %s', (_, changes, message) => {
    const read = (): unknown =>
      UnigramTokenizer.fromJson({
        ...documentOf(golden.documents['plain']!),
        added_tokens: [],
        model: { ...golden.model, ...changes },
      });
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });

  it.each<[string, string, RegExp]>([
    ['that is none', '', /must be SentencePiece's map/],
    ['that ends early', Buffer.from([255, 0, 0, 0, 1]).toString('base64'), /must be SentencePiece's map/],
    ['whose texts are none', Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0xff]).toString('base64'), /replacements are UTF-8/],
    [
      'with long replacements',
      Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('a'.repeat(300))]).toString('base64'),
      /a replacement of 300 bytes, the limit is 256/,
    ],
  ])('refuses a map %s', (_, map, message) => {
    const read = (): unknown =>
      UnigramTokenizer.fromJson({
        ...documentOf(golden.documents['plain']!),
        normalizer: { type: 'Precompiled', precompiled_charsmap: map },
      });
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });
});
