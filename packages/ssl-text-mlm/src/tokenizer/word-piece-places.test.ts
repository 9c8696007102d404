import { describe, expect, it } from 'vitest';
import {
  differingBlocks,
  drawnLines,
  type EncodingDigests,
  testedLines,
  textGolden,
} from '../../../../test/support/subword-lines.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

const { wordPiece } = textGolden<{ readonly wordPiece: Readonly<Record<string, EncodingDigests>> }>(
  'subword-lines.json',
);
const { tokenizer } = textGolden<{ readonly tokenizer: { readonly normalizer: object } }>('word-piece.json');
const documents: Readonly<Record<string, object>> = {
  uncased: tokenizer,
  'cased, not cleaned': {
    ...tokenizer,
    normalizer: { ...tokenizer.normalizer, lowercase: false, clean_text: false },
  },
};

describe("WordPiece against Hugging Face's Rust library", () => {
  it.each(Object.entries(wordPiece))(
    '%s: ids, places and decoded texts of lines in many scripts',
    { timeout: 600_000 },
    (name, digests) => {
      const made = WordPieceTokenizer.fromJson(documents[name]);
      expect(differingBlocks(made, drawnLines(testedLines), digests)).toEqual([]);
    },
  );

  it('puts two texts together as BERT does', () => {
    const bert = WordPieceTokenizer.fromJson(tokenizer);
    const { cls, sep } = bert.specialIds;
    const of = (text: string): number[] => bert.encode(text, { addSpecialTokens: false });
    const [made] = bert.encodeText('stone', { pair: 'water river' });
    expect([...made!.ids]).toEqual([cls, ...of('stone'), sep, ...of('water river'), sep]);
    const first = 2 + of('stone').length;
    expect([...made!.typeIds]).toEqual(Array.from(made!.ids, (_, index) => (index < first ? 0 : 1)));
    expect(bert.encodeBatch(['stone'], { pairs: ['water river'] }).tokenTypeIds!.data).toEqual(made!.typeIds);
  });
});
