import {
  checkNonNegative,
  checkOptions,
  DataError,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { AlignedText } from './aligned-text.js';
import { bpeJson } from './bpe-json.js';
import { ByteLevelBpeTokenizer } from './byte-level-bpe-tokenizer.js';
import { byteLevelWords } from './byte-level.js';
import { learnBytePairs } from './learn-byte-pairs.js';
import { checkReserved, reservedTokens } from './reserved-tokens.js';
import { robertaSpecialTokens, type SpecialTokens } from './special-tokens.js';
import {
  learnInTurns,
  placeOfTexts,
  readTrainingTexts,
  type TrainingTexts,
  trainingTextsNames,
} from './training-texts.js';
import { wellFormed } from './white-space.js';

/** Options of {@link trainByteLevelBpe}. */
export interface TrainByteLevelBpeOptions extends TrainingTexts {
  /** Entries of the vocabulary with the special tokens and the 256 bytes; a small corpus may give fewer. */
  readonly vocabSize: number;
  /** A pair that occurs less often is not joined. Default 2. */
  readonly minFrequency?: number;
  /** `bytes`: all 256, so that every text can be spelt; `seen`: those of the texts. Default `bytes`. */
  readonly alphabet?: 'bytes' | 'seen';
  /** A space before every text that has none, so that its first word is like any other. Default false, as RoBERTa. */
  readonly addPrefixSpace?: boolean;
  /** Names of the special tokens. Default {@link robertaSpecialTokens}. */
  readonly specialTokens?: SpecialTokens;
}

const where = 'trainByteLevelBpe';
const optionNames: OptionNames<TrainByteLevelBpeOptions> = {
  ...trainingTextsNames,
  vocabSize: 'requiredNumber',
  minFrequency: 'optionalNumber',
  alphabet: 'optional',
  addPrefixSpace: 'optionalFlag',
  specialTokens: 'optional',
};

/**
 * Learns a byte-level BPE vocabulary from text, as RoBERTa has it: vocabulary and merges are those of Hugging Face's trainer,
 * token by token. Each line is a text, without its line end.
 *
 * @returns a tokeniser ready to encode; `save` it as a Hugging Face `tokenizer.json`
 * @throws InvalidOptionError if the vocabulary is too small for the special tokens and the bytes, or an option is out of range
 * @throws DataError if a file cannot be read or is not valid in its encoding, with the byte, or there is no text
 * Source: `ByteLevelBPETokenizer` of Hugging Face `tokenizers`.
 */
export async function trainByteLevelBpe(options: TrainByteLevelBpeOptions): Promise<ByteLevelBpeTokenizer> {
  checkOptions(where, options, optionNames);
  const {
    vocabSize,
    minFrequency = 2,
    alphabet = 'bytes',
    addPrefixSpace = false,
    specialTokens = robertaSpecialTokens,
  } = options;
  if (alphabet !== 'bytes' && alphabet !== 'seen')
    throw new InvalidOptionError(where, 'alphabet', "'bytes' or 'seen'", alphabet);
  checkReserved(where, specialTokens);
  const reserved = reservedTokens(specialTokens);
  const least = reserved.length + (alphabet === 'bytes' ? 256 : 1);
  if (!Number.isInteger(vocabSize) || vocabSize < least || vocabSize > 1_000_000)
    throw new InvalidOptionError(where, 'vocabSize', `an integer from ${least} to 1000000`, vocabSize);
  checkNonNegative(where, { minFrequency });

  const words = byteLevelWords({ addPrefixSpace, split: true });
  const counts = new Map<string, number>();
  await readTrainingTexts(where, options, (text) => {
    for (const { text: word } of words(AlignedText.of(wellFormed(text), false)))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  });
  if (counts.size === 0)
    throw new DataError('the files and lines hold no text to learn a vocabulary from', placeOfTexts(options));
  const learner = learnBytePairs(counts, { vocabSize, minFrequency, reserved, allBytes: alphabet === 'bytes' });
  const { tokens, merges } = await learnInTurns(learner, vocabSize, options);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const json = bpeJson(ids, merges, { addPrefixSpace, trimOffsets: true, specialTokens });
  return ByteLevelBpeTokenizer.fromJson(json, { specialTokens });
}
