import { maskableTokens, type MaskingVocabulary } from './masking-units.js';
import type { TokenSource } from './token-source.js';

/** What there is to mask in each sequence. */
export interface MaskableCounts {
  /** `[sequences]`: tokens that may be masked. */
  readonly tokens: Int32Array;
  /** `[sequences]`: how many have to be masked at once, the pieces of the shortest word. */
  readonly least: Int32Array;
}

/** Sequences of a source on disk from which the length of words is estimated. */
const sampled = 2000;

/** Counts what may be masked. Of a source whose sequences all have something, few are read and the rest is an upper bound. */
export function countMaskable(source: TokenSource, vocabulary: MaskingVocabulary, wholeWords: boolean): MaskableCounts {
  if (source.isMaskable === true) {
    const step = Math.max(1, Math.floor(source.length / sampled));
    // Without whole words it is one token of each.
    const rows = wholeWords ? source.length : 0;
    let least = 1;
    for (let row = 0; row < rows; row += step)
      least = Math.max(least, maskableTokens(source.get(row).ids, vocabulary, true).least);
    // All but [CLS] and [SEP].
    const tokens = source.lengths().map((length) => Math.max(1, length - 2));
    return { tokens, least: new Int32Array(source.length).fill(least) };
  }
  const tokens = new Int32Array(source.length);
  const least = new Int32Array(source.length);
  for (let row = 0; row < source.length; row++) {
    const counted = maskableTokens(source.get(row).ids, vocabulary, wholeWords);
    tokens[row] = counted.tokens;
    least[row] = counted.least;
  }
  return { tokens, least };
}
