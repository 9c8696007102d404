/** Bounds on a `tokenizer.json` from a stranger. */
export const tokenizerLimits = {
  /** Largest file, in bytes. */
  fileBytes: 64 * 1024 * 1024,
  /** Most entries of a vocabulary. */
  vocabularySize: 1_000_000,
  /** Longest token, in UTF-16 code units. */
  tokenLength: 512,
  /** Most that `max_input_chars_per_word` may allow. */
  wordCharacters: 10_000,
} as const;
