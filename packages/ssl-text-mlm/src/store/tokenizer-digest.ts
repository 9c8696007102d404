import { createHash } from 'node:crypto';
import { DataError } from '@selfsup/ssl-tensor/host';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';

/** SHA-256 of a tokeniser's document, hexadecimal: the same ids come of the same digest. */
export const tokenizerDigest = (tokenizer: TextTokenizer): string =>
  createHash('sha256').update(JSON.stringify(tokenizer.toJson())).digest('hex');

/** @throws DataError where the ids of a store are another tokeniser's */
export function checkSameTokenizer(path: string, digest: string, tokenizer: TextTokenizer): void {
  const own = tokenizerDigest(tokenizer);
  if (own === digest) return;
  throw new DataError(
    `holds ids of another tokeniser (${digest.slice(0, 12)}, given ${own.slice(0, 12)}); take that one, or build a store in another folder`,
    { path },
  );
}
