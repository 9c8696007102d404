import { createHash } from 'node:crypto';
import { DataError } from '@selfsup/ssl-tensor/host';
import type { TextSource } from './text-source.js';

/** What is known of texts once they were read, and by which they are known again. */
export interface TextFacts {
  readonly texts: number;
  /** UTF-16 code units. */
  readonly characters: number;
  /** SHA-256 of all texts in their order, hexadecimal. */
  readonly sha256: string;
}

/** What was left out of a folder, in words; nothing where all of it is texts. */
export interface TextsRead extends TextFacts {
  readonly leftOut?: string;
}

/**
 * Reads all texts.
 *
 * @param onText gets each with its number, from 0
 * @throws DataError where there is none; what the source throws
 */
export async function readFacts(
  source: TextSource,
  onText: (text: string, index: number) => void = () => {},
): Promise<TextsRead> {
  const hash = createHash('sha256');
  let [texts, characters] = [0, 0];
  const leftOut = await source.read((text) => {
    onText(text, texts);
    texts++;
    characters += text.length;
    // With the length before it, so that no two lists of texts are one.
    hash.update(`${text.length}:`).update(text);
  });
  if (texts === 0) throw new DataError('pretrainText: data holds no text');
  return { texts, characters, sha256: hash.digest('hex'), ...(leftOut === undefined ? {} : { leftOut }) };
}

/** Texts that are held out: one of so many, some dozens of a small corpus and 500 of a large one. Infinity: none. */
export function heldOutEvery(texts: number): number {
  if (texts < 10) return Infinity;
  const wanted = Math.min(500, Math.max(Math.ceil(texts / 50), Math.min(50, Math.floor(texts / 10))));
  return Math.floor(texts / wanted);
}
