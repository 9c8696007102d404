import { checkInteger } from '@selfsup/ssl-tensor/host';
import type { TokenSequences } from './token-sequences.js';

/**
 * Adds a text as the fewest sequences of at most `maxLength` tokens, of like length, each with its frame.
 *
 * @param ids of the text without special tokens
 * @throws InvalidOptionError for a length without room for a token
 */
export function pushPieces(
  sequences: TokenSequences,
  ids: ArrayLike<number>,
  maxLength: number,
  { cls, sep }: { readonly cls: number; readonly sep: number },
): void {
  checkInteger('TokenDataset.fromTexts', 'maxLength', maxLength, 3);
  const pieces = Math.max(1, Math.ceil(ids.length / (maxLength - 2)));
  for (let piece = 0; piece < pieces; piece++) {
    const start = Math.floor((piece * ids.length) / pieces);
    const end = Math.floor(((piece + 1) * ids.length) / pieces);
    const framed = new Int32Array(end - start + 2);
    framed[0] = cls;
    for (let at = start; at < end; at++) framed[1 + at - start] = ids[at]!;
    framed[framed.length - 1] = sep;
    sequences.push(framed);
  }
}
