/**
 * `tokenizer.json` of byte-level BPE and Unigram from strangers: a damaged document is refused with an error of ours, or
 * accepted and then encodes hostile texts, with their places; in both cases within a second of processor time.
 */
import { inflateSync } from 'node:zlib';
import { tokenizerFromJson } from '@selfsup/ssl-text-mlm';
import { expect } from 'vitest';
import { textGolden } from '../support/subword-lines.js';
import { describeMutations } from './describe-mutations.js';
import { hostileTexts } from './hostile-texts.js';

interface Documents {
  readonly documents: Readonly<Record<string, { readonly document: object }>>;
}

const bpe = textGolden<
  Documents & { readonly vocabulary: string[]; readonly model: { readonly merges: [string, string][] } }
>('byte-level-bpe.json');
const tokens = new Set(bpe.vocabulary.slice(0, 320));
const bpeModel = {
  ...bpe.model,
  vocab: Object.fromEntries([...tokens].map((token, id) => [token, id])),
  merges: bpe.model.merges.filter(([left, right]) => tokens.has(left + right)),
};
/** Added tokens of the goldens have ids of the whole vocabulary; only the special ones are in its beginning. */
const withSpecials = (document: object): object => ({
  ...document,
  added_tokens: (document as { added_tokens: { id: number }[] }).added_tokens.filter(({ id }) => id < 5),
});
const bpeSeeds = Object.values(bpe.documents).map(({ document }) => ({ ...withSpecials(document), model: bpeModel }));

const unigram = textGolden<Documents & { readonly model: { readonly vocab: unknown[] } }>('unigram.json');
const rules = inflateSync(
  Buffer.from(textGolden<{ readonly deflated: string }>('sentencepiece-map.json').deflated, 'base64'),
).toString('base64');
const unigramModel = { ...unigram.model, vocab: unigram.model.vocab.slice(0, 200) };
const unigramSeeds = Object.values(unigram.documents).map(({ document }) => ({
  ...withSpecials(JSON.parse(JSON.stringify(document).replace('"MAP"', JSON.stringify(rules))) as object),
  model: unigramModel,
}));

function useTokenizer(document: unknown): void {
  const tokenizer = tokenizerFromJson(document, { path: 'tokenizer.json' });
  for (const text of hostileTexts) {
    const ids = tokenizer.encode(text);
    expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabSize)).toBe(true);
    expect(typeof tokenizer.decode(ids)).toBe('string');
  }
  const [placed] = tokenizer.encodeText(hostileTexts.at(-1)!);
  expect([...placed!.ids]).toEqual(tokenizer.encode(hostileTexts.at(-1)!));
  expect(placed!.offsets.every((place) => place >= 0 && place <= hostileTexts.at(-1)!.length)).toBe(true);
  expect(tokenizerFromJson(JSON.stringify(tokenizer.toJson())).encode('a b')).toEqual(tokenizer.encode('a b'));
}

describeMutations('byte-level BPE', bpeSeeds, useTokenizer);
describeMutations('Unigram', unigramSeeds, useTokenizer);
