import type { SpecialTokens } from './special-tokens.js';

/** What goes into the file beside vocabulary and merges. */
export interface BpeJsonOptions {
  /** A space before a text that has none. */
  readonly addPrefixSpace: boolean;
  /** Places of tokens without the white space at their ends. */
  readonly trimOffsets: boolean;
  readonly specialTokens: SpecialTokens;
}

/**
 * A Hugging Face `tokenizer.json` document around a byte-level vocabulary as RoBERTa has it: GPT-2's words, the frame
 * `<s> A </s></s> B </s>`, a mask that takes the space before it.
 *
 * @param ids of the tokens; the special tokens must be among them
 * @param merges pairs in the order in which they are joined
 */
export function bpeJson(
  ids: ReadonlyMap<string, number>,
  merges: readonly (readonly [string, string])[],
  { addPrefixSpace, trimOffsets, specialTokens }: BpeJsonOptions,
): Record<string, unknown> {
  const { cls, sep, mask } = specialTokens;
  const byteLevel = { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: trimOffsets, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: (Object.values(specialTokens) as string[])
      .map((content) => ({
        id: ids.get(content)!,
        content,
        single_word: false,
        lstrip: content === mask,
        rstrip: false,
        normalized: false,
        special: true,
      }))
      .sort((a, b) => a.id - b.id),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      type: 'RobertaProcessing',
      sep: [sep, ids.get(sep)],
      cls: [cls, ids.get(cls)],
      trim_offsets: trimOffsets,
      add_prefix_space: addPrefixSpace,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges,
    },
  };
}
