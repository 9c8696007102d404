import { bertSpecialTokens } from '../tokenizer/special-tokens.js';
import { reservedTokens } from '../tokenizer/reserved-tokens.js';

/** Sizes of a vocabulary that is to be learnt. */
export interface VocabularySizes {
  readonly vocabSize: number;
  readonly alphabetLimit: number;
}

/** Characters that are kept in any case, as trainWordPiece does, and at most: those of Chinese and Japanese texts. */
const [fewestCharacters, mostCharacters] = [1000, 20_000];
/** A character that occurs less often is not worth a row. */
const seldom = 3;

/**
 * A vocabulary by the corpus: an entry for each thousand characters, as the demo's 8,192 of nine million, from 1,024 to
 * 32,768, and in any case room for each character at the start and inside of words and as many pieces.
 */
export function chooseVocabulary(words: ReadonlyMap<string, number>, characters: number): VocabularySizes {
  const counts = new Map<string, number>();
  for (const [word, count] of words)
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  const common = [...counts.values()].filter((count) => count >= seldom).length;
  const alphabetLimit = Math.min(mostCharacters, Math.max(fewestCharacters, common));
  const alphabet = Math.min(counts.size, alphabetLimit);
  const bySize = Math.min(2 ** 15, Math.max(2 ** 10, 2 ** Math.round(Math.log2(characters / 1000))));
  return { alphabetLimit, vocabSize: Math.max(bySize, reservedTokens(bertSpecialTokens).length + 3 * alphabet) };
}
