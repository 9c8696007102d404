import type { ScoredPiece } from './seed-pieces.js';
import { reservedTokens } from './reserved-tokens.js';
import type { SpecialTokens } from './special-tokens.js';

/** What a text goes through before it is cut into words. */
export type UnigramNormalizer = 'nfkc' | 'nfc' | 'none';

/** What goes into the file beside the pieces. */
export interface UnigramJsonOptions {
  readonly normalizer: UnigramNormalizer;
  readonly lowercase: boolean;
  readonly specialTokens: SpecialTokens;
}

/** SentencePiece's mark of a space. */
export const metaspaceJson = {
  type: 'Metaspace',
  replacement: '\u2581',
  prepend_scheme: 'always',
  split: true,
} as const;

/** The `normalizer` entry: white space in a row is one space, a Unicode form, no white space at the end. */
export function unigramNormalizerJson({
  normalizer,
  lowercase,
}: Pick<UnigramJsonOptions, 'normalizer' | 'lowercase'>): Record<string, unknown> | null {
  const steps = [
    ...(normalizer === 'none'
      ? []
      : [
          { type: 'Replace', pattern: { Regex: '\\s{2,}|[\\n\\r\\t]' }, content: ' ' },
          { type: normalizer.toUpperCase() },
          { type: 'Strip', strip_left: false, strip_right: true },
        ]),
    ...(lowercase ? [{ type: 'Lowercase' }] : []),
  ];
  return steps.length === 0 ? null : { type: 'Sequence', normalizers: steps };
}

/**
 * A Hugging Face `tokenizer.json` document around a unigram vocabulary, as DeBERTa-v2 and -v3 have it: marks for spaces, the frame
 * `[CLS] A [SEP] B [SEP]`. The special tokens take the first ids.
 */
export function unigramJson(
  pieces: readonly ScoredPiece[],
  { specialTokens, ...options }: UnigramJsonOptions,
): Record<string, unknown> {
  const reserved = reservedTokens(specialTokens);
  const { cls, sep, mask } = specialTokens;
  const special = (token: string, type: number): unknown => ({ SpecialToken: { id: token, type_id: type } });
  const sequence = (name: string, type: number): unknown => ({ Sequence: { id: name, type_id: type } });
  const template = (token: string): unknown => ({ id: token, ids: [reserved.indexOf(token)], tokens: [token] });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: reserved.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: content === mask,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: unigramNormalizerJson(options),
    pre_tokenizer: metaspaceJson,
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(cls, 0), sequence('A', 0), special(sep, 0)],
      pair: [special(cls, 0), sequence('A', 0), special(sep, 0), sequence('B', 1), special(sep, 1)],
      special_tokens: { [cls]: template(cls), [sep]: template(sep) },
    },
    decoder: metaspaceJson,
    model: {
      type: 'Unigram',
      unk_id: reserved.indexOf(specialTokens.unk),
      vocab: [...reserved.map((token) => [token, 0]), ...pieces.map(({ text, score }) => [text, score])],
      byte_fallback: false,
    },
  };
}
