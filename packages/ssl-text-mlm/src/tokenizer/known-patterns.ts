const white = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const word = '\\p{L}\\p{M}\\p{Nd}\\p{Pc}';
const endings = (s: string): string => `'(?:${s})`;
const anyCase = '[sS\\u017f]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD]';
const afterWords = ` ?[^${white}\\p{L}\\p{N}]+[\\r\\n]*|[${white}]*[\\r\\n]+|[${white}]+(?![^${white}])|[${white}]+`;

/**
 * Regular expressions that a `tokenizer.json` may hold, and the same as JavaScript writes them. All take time
 * proportional to the text. Any other is refused: an expression from a stranger may take exponential time, and ours
 * would not mean what the Rust library's means.
 */
const known = new Map<string, string>([
  ['\\s', `[${white}]`],
  ['\\s+', `[${white}]+`],
  [' ', ' '],
  [' +', ' +'],
  [' {2,}', ' {2,}'],
  ['\\n', '\\n'],
  // DeBERTa.
  ['\\s{2,}|[\\n\\r\\t]', `[${white}]{2,}|[\\n\\r\\t]`],
  ['[\\r\\n]', '[\\r\\n]'],
  ['\\d', '\\p{Nd}'],
  ['\\d+', '\\p{Nd}+'],
  ['[0-9]', '[0-9]'],
  ['[0-9]+', '[0-9]+'],
  ['\\p{N}', '\\p{N}'],
  ['\\p{N}{1,3}', '\\p{N}{1,3}'],
  ['\\w+|[^\\w\\s]+', `[${word}]+|[^${word}${white}]+`],
  // GPT-2 and RoBERTa.
  [
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    `${endings('s|t|re|ve|m|ll|d')}| ?\\p{L}+| ?\\p{N}+| ?[^${white}\\p{L}\\p{N}]+|[${white}]+(?![^${white}])|[${white}]+`,
  ],
  // Llama 3 and GPT-4.
  [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    `${endings(anyCase)}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|${afterWords}`,
  ],
  // Qwen 2.
  [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    `${endings(anyCase)}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|${afterWords}`,
  ],
]);

/** The patterns as a `tokenizer.json` writes them. */
export const knownPatterns: readonly string[] = [...known.keys()];

/** A known pattern as a global expression, undefined for any other. */
export function knownPattern(pattern: string): RegExp | undefined {
  const ours = known.get(pattern);
  return ours === undefined ? undefined : new RegExp(ours, 'gu');
}
