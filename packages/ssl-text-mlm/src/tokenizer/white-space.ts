/**
 * White space at which a text may be cut before BERT's normaliser without a change in its words: what stays white space
 * when control characters are removed. JavaScript's `\s` has U+FEFF, form feed and vertical tab besides.
 */
export const chunkSeparator = /[\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

const loneSurrogate = /\p{Surrogate}/gu;

/** The text with U+FFFD for halves of surrogate pairs, as it is when written as UTF-8. */
export function wellFormed(text: string): string {
  return text.replace(loneSurrogate, '\ufffd');
}
