import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { learnWordPieces } from './learn-word-pieces.js';
import { reservedTokens } from './reserved-tokens.js';
import type { SpecialTokens } from './special-tokens.js';
import { wordPieceJson } from './word-piece-json.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

/** What is learnt of counted words. */
export interface LearnTokenizerOptions {
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly alphabetLimit: number;
  readonly lowercase: boolean;
  readonly specialTokens: SpecialTokens;
}

/**
 * A tokeniser of counted words.
 *
 * @param where function that has the option `vocabSize`
 * @throws InvalidOptionError if the vocabulary is too small for the special tokens and the characters
 */
export function learnTokenizer(
  where: string,
  words: ReadonlyMap<string, number>,
  { specialTokens, lowercase, ...options }: LearnTokenizerOptions,
): WordPieceTokenizer {
  const tokens = learnWordPieces(words, { ...options, reserved: reservedTokens(specialTokens) });
  if (tokens.length > options.vocabSize) {
    throw new InvalidOptionError(
      where,
      'vocabSize',
      `at least ${tokens.length}, for the special tokens and the characters of the text (or lower alphabetLimit)`,
      options.vocabSize,
    );
  }
  return WordPieceTokenizer.fromJson(wordPieceJson(tokens, specialTokens, { lowercase }), { specialTokens });
}
