import { inflateSync } from 'node:zlib';
import { textGolden } from '../support/subword-lines.js';

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
/** Documents of byte-level BPE, with the first 320 tokens. */
export const bpeSeeds = Object.values(bpe.documents).map(({ document }) => ({
  ...withSpecials(document),
  model: bpeModel,
}));

const unigram = textGolden<Documents & { readonly model: { readonly vocab: unknown[] } }>('unigram.json');
const rules = inflateSync(
  Buffer.from(textGolden<{ readonly deflated: string }>('sentencepiece-map.json').deflated, 'base64'),
).toString('base64');
const unigramModel = { ...unigram.model, vocab: unigram.model.vocab.slice(0, 200) };
/** Documents of Unigram, with the first 200 pieces. */
export const unigramSeeds = Object.values(unigram.documents).map(({ document }) => ({
  ...withSpecials(JSON.parse(JSON.stringify(document).replace('"MAP"', JSON.stringify(rules))) as object),
  model: unigramModel,
}));
