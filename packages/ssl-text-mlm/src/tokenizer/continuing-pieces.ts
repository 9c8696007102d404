import { fromByteCharacters } from './byte-alphabet.js';
import type { TokenizerFile } from './tokenizer-file.js';

/** What a word is made of, and U+FFFD: bytes that are no character by themselves. */
const ofWord = /^[\p{L}\p{M}\p{N}\ufffd]/u;

/** One entry per id, 1 = the piece continues a word. */
export function continuingPieces({ tokens, kind, continuingPrefix, addedTokens }: TokenizerFile): Uint8Array {
  const added = new Set(addedTokens.map(({ id }) => id));
  return Uint8Array.from(tokens, (token, id) => {
    if (continuingPrefix !== undefined)
      return continuingPrefix !== '' && token.length > continuingPrefix.length && token.startsWith(continuingPrefix)
        ? 1
        : 0;
    if (added.has(id)) return 0;
    return ofWord.test(kind.type === 'BPE' ? fromByteCharacters([token]) : token) ? 1 : 0;
  });
}
