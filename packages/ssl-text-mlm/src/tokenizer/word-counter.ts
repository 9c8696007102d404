import { DataError } from '@selfsup/ssl-tensor/host';
import { bertNormalize } from './bert-normalizer.js';
import { bertWords } from './read-pre-tokenizer.js';
import { chunkSeparator, wellFormed } from './white-space.js';

/** Longest word that WordPiece spells, in code points; a longer one is the unknown token. */
const maxWordCharacters = 100;

/** Counts the words of texts, one after the other. White-space chunks repeat, so they are counted first and normalised once each. */
export class WordCounter {
  readonly #chunks = new Map<string, number>();

  add(text: string): void {
    for (const chunk of text.split(chunkSeparator))
      if (chunk !== '') this.#chunks.set(chunk, (this.#chunks.get(chunk) ?? 0) + 1);
  }

  /**
   * How often each word occurs that BERT's normaliser and pre-tokeniser make of the texts.
   *
   * @throws DataError where there is none; `path` is a file of the texts
   */
  words(lowercase: boolean, path?: string): ReadonlyMap<string, number> {
    const settings = { cleanText: true, chineseCharacters: true, stripAccents: null, lowercase };
    const words = new Map<string, number>();
    for (const [chunk, occurrences] of this.#chunks) {
      for (const word of bertWords(bertNormalize(wellFormed(chunk), settings)))
        if (Array.from(word).length <= maxWordCharacters) words.set(word, (words.get(word) ?? 0) + occurrences);
    }
    if (words.size > 0) return words;
    throw new DataError(
      this.#chunks.size === 0
        ? 'the files and lines hold no text to learn a vocabulary from'
        : `the files and lines hold no word to learn a vocabulary from, only white space, control characters and words of more than ${maxWordCharacters} characters, which are unknown to the tokeniser`,
      path === undefined ? {} : { path },
    );
  }
}
