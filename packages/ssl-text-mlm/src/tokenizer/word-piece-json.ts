import type { SpecialTokens } from './special-tokens.js';

/** Options of the text normaliser that goes into the file. */
export interface BertNormalizerOptions {
  /** Lower-case the text and strip accents. */
  readonly lowercase: boolean;
}

/** The `normalizer` entry of a BERT `tokenizer.json`. */
export function bertNormalizerJson(options: BertNormalizerOptions): Record<string, unknown> {
  return {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: options.lowercase,
  };
}

/**
 * A Hugging Face `tokenizer.json` document around a WordPiece vocabulary: BERT normaliser and pre-tokeniser,
 * `[CLS] A [SEP]` template, WordPiece decoder.
 *
 * @param tokens token of every id; the special tokens must be among them
 */
export function wordPieceJson(
  tokens: readonly string[],
  specialTokens: SpecialTokens,
  options: BertNormalizerOptions,
): Record<string, unknown> {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const { cls, sep } = specialTokens;
  const special = (token: string, type: number): unknown => ({ SpecialToken: { id: token, type_id: type } });
  const sequence = (name: string, type: number): unknown => ({ Sequence: { id: name, type_id: type } });
  const template = (token: string): unknown => ({ id: token, ids: [ids.get(token)], tokens: [token] });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.values(specialTokens)
      .map((content: string) => ({
        id: ids.get(content)!,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      }))
      .sort((a, b) => a.id - b.id),
    normalizer: bertNormalizerJson(options),
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(cls, 0), sequence('A', 0), special(sep, 0)],
      pair: [special(cls, 0), sequence('A', 0), special(sep, 0), sequence('B', 1), special(sep, 1)],
      special_tokens: { [cls]: template(cls), [sep]: template(sep) },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: specialTokens.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  };
}
