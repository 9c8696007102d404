import { readTextLines } from '@selfsup/ssl-data/text';
import {
  checkCount,
  checkNonNegative,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { learnTokenizer, reservedTokens } from './learn-tokenizer.js';
import { bertSpecialTokens, type SpecialTokens } from './special-tokens.js';
import { WordCounter } from './word-counter.js';
import type { WordPieceTokenizer } from './word-piece-tokenizer.js';

/** Options of {@link trainWordPiece}; one of `files` and `lines` is required, both are read if both are given. */
export interface TrainWordPieceOptions {
  /** Text files, plain, gzip or Zstandard. They are counted as they are read, not held. */
  readonly files?: readonly string[];
  /**
   * Encoding of the files, by a name that TextDecoder knows: `utf-16le`, `windows-1252` (which `latin1` means there),
   * `shift_jis`. Default `utf-8`, and a file in another encoding is an error.
   */
  readonly encoding?: string;
  /** Longest line of a file, bytes. Default 256 MiB, as some corpora are one line. */
  readonly maxLineBytes?: number;
  /** Largest file, bytes after decompression. Default 1 TiB. */
  readonly maxBytes?: number;
  /** Texts, one sequence each. */
  readonly lines?: Iterable<string> | AsyncIterable<string>;
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
  files: 'optional',
  encoding: 'optional',
  maxLineBytes: 'optionalNumber',
  maxBytes: 'optionalNumber',
  lines: 'optional',
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
  if (new Set(reserved).size !== reserved.length || reserved.some((token) => token === '' || /\s/u.test(token))) {
    throw new InvalidOptionError(
      'trainWordPiece',
      'specialTokens',
      'five different names without white space',
      reserved.join(' '),
    );
  }
  if (options.files === undefined && options.lines === undefined)
    throw new InvalidOptionError('trainWordPiece', 'files', "given, or 'lines'", undefined);

  const counter = new WordCounter();
  const count = (line: string): void => counter.add(line);
  const { encoding = 'utf-8', maxLineBytes = 2 ** 28, maxBytes = 2 ** 40 } = options;
  const reading = { encoding, maxLineBytes, maxBytes, where: 'trainWordPiece' };
  for (const path of options.files ?? []) await readTextLines(path, reading, count);
  if (typeof options.lines === 'string')
    throw new InvalidOptionError('trainWordPiece', 'lines', 'an iterable of texts, such as [text]', 'one text');
  for await (const line of options.lines ?? []) {
    if (typeof line !== 'string') throw new InvalidOptionError('trainWordPiece', 'lines', 'texts', line);
    count(line);
  }
  const words = counter.words(lowercase, options.files?.[0]);
  return learnTokenizer('trainWordPiece', words, { vocabSize, minFrequency, alphabetLimit, lowercase, specialTokens });
}
