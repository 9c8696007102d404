import {
  checkCount,
  checkNonNegative,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { learnTokenizer } from './learn-tokenizer.js';
import { checkReserved, reservedTokens } from './reserved-tokens.js';
import { bertSpecialTokens, type SpecialTokens } from './special-tokens.js';
import { placeOfTexts, readTrainingTexts, type TrainingTexts, trainingTextsNames } from './training-texts.js';
import { WordCounter } from './word-counter.js';
import type { WordPieceTokenizer } from './word-piece-tokenizer.js';

/** Options of {@link trainWordPiece}. */
export interface TrainWordPieceOptions extends TrainingTexts {
  /** Entries of the vocabulary with the special tokens; a small corpus may give fewer. */
  readonly vocabSize: number;
  /** A pair that occurs less often is not joined. Default 2. */
  readonly minFrequency?: number;
  /** How many different characters are kept, the most frequent first. Default 1,000. */
  readonly alphabetLimit?: number;
  /** Lower-case and strip accents. Default true. */
  readonly lowercase?: boolean;
  /** Names of the special tokens. Default {@link bertSpecialTokens}. */
  readonly specialTokens?: SpecialTokens;
}

const trainWordPieceOptionNames: OptionNames<TrainWordPieceOptions> = {
  ...trainingTextsNames,
  vocabSize: 'requiredNumber',
  minFrequency: 'optionalNumber',
  alphabetLimit: 'optionalNumber',
  lowercase: 'optionalFlag',
  specialTokens: 'optional',
};

/**
 * Learns a BERT WordPiece vocabulary from text. The same text and options give the same vocabulary, byte for byte.
 *
 * @returns a tokeniser ready to encode; `save` it as a Hugging Face `tokenizer.json`
 * @throws InvalidOptionError if the vocabulary is too small for the special tokens and the characters, or an option is out of range
 * @throws DataError if a file cannot be read or is not valid in its encoding, with the byte, or there is no text
 * Source: `BertWordPieceTokenizer` of Hugging Face `tokenizers`; see {@link learnWordPieces} for the order of ties.
 */
export async function trainWordPiece(options: TrainWordPieceOptions): Promise<WordPieceTokenizer> {
  checkOptions('trainWordPiece', options, trainWordPieceOptionNames);
  const {
    vocabSize,
    minFrequency = 2,
    alphabetLimit = 1000,
    lowercase = true,
    specialTokens = bertSpecialTokens,
  } = options;
  const reserved = reservedTokens(specialTokens);
  if (!Number.isInteger(vocabSize) || vocabSize <= reserved.length || vocabSize > 1_000_000) {
    throw new InvalidOptionError(
      'trainWordPiece',
      'vocabSize',
      `an integer from ${reserved.length + 1} to 1000000`,
      vocabSize,
    );
  }
  checkNonNegative('trainWordPiece', { minFrequency });
  checkCount('trainWordPiece', { alphabetLimit });
  checkReserved('trainWordPiece', specialTokens);
  const counter = new WordCounter();
  await readTrainingTexts('trainWordPiece', options, (line) => counter.add(line));
  const words = counter.words(lowercase, placeOfTexts(options).path);
  return learnTokenizer('trainWordPiece', words, { vocabSize, minFrequency, alphabetLimit, lowercase, specialTokens });
}
