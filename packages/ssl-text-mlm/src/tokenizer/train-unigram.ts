import { checkCount, checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { AlignedText } from './aligned-text.js';
import { JsonFields } from './json-fields.js';
import { learnUnigram } from './learn-unigram.js';
import { readNormalizer } from './read-normalizer.js';
import { readPreTokenizer } from './read-pre-tokenizer.js';
import { checkReserved, reservedTokens } from './reserved-tokens.js';
import { bertSpecialTokens, type SpecialTokens } from './special-tokens.js';
import {
  learnInTurns,
  placeOfTexts,
  readTrainingTexts,
  type TrainingTexts,
  trainingTextsNames,
} from './training-texts.js';
import { metaspaceJson, unigramJson, type UnigramNormalizer, unigramNormalizerJson } from './unigram-json.js';
import { UnigramTokenizer } from './unigram-tokenizer.js';
import { wellFormed } from './white-space.js';

/** Options of {@link trainUnigram}. */
export interface TrainUnigramOptions extends TrainingTexts {
  /** Entries of the vocabulary with the special tokens; a small corpus may give fewer. */
  readonly vocabSize: number;
  /** A Unicode form, with white space in a row made one space; `none`: the text as it is. Default `nfkc`. */
  readonly normalizer?: UnigramNormalizer;
  /** Lower-case the text. Default false. */
  readonly lowercase?: boolean;
  /** Share of the pieces that a round keeps, between 0 and 1. Default 0.75. */
  readonly shrinkingFactor?: number;
  /** Rounds of expectation and maximisation between two prunings. Default 2. */
  readonly subIterations?: number;
  /** Longest piece, characters. Default 16. */
  readonly maxPieceLength?: number;
  /** Most pieces to begin with. Default 1,000,000. */
  readonly seedSize?: number;
  /** Names of the special tokens. Default {@link bertSpecialTokens}. */
  readonly specialTokens?: SpecialTokens;
}

const where = 'trainUnigram';
const optionNames: OptionNames<TrainUnigramOptions> = {
  ...trainingTextsNames,
  vocabSize: 'requiredNumber',
  normalizer: 'optional',
  lowercase: 'optionalFlag',
  shrinkingFactor: 'optionalNumber',
  subIterations: 'optionalNumber',
  maxPieceLength: 'optionalNumber',
  seedSize: 'optionalNumber',
  specialTokens: 'optional',
};

/**
 * Learns a unigram vocabulary from text, as DeBERTa-v3, XLM-R and ALBERT have it. The same text and options give the same
 * vocabulary, byte for byte; each line is a text, without its line end.
 *
 * @returns a tokeniser ready to encode; `save` it as a Hugging Face `tokenizer.json`
 * @throws InvalidOptionError if the vocabulary is too small for the special tokens and the characters, or an option is out of range
 * @throws DataError if a file cannot be read or is not valid in its encoding, with the byte, or there is no text
 * Source: `UnigramTrainer` of Hugging Face `tokenizers`; see {@link learnUnigram} for what differs there from run to run.
 */
export async function trainUnigram(options: TrainUnigramOptions): Promise<UnigramTokenizer> {
  checkOptions(where, options, optionNames);
  const {
    vocabSize,
    normalizer = 'nfkc',
    lowercase = false,
    shrinkingFactor = 0.75,
    subIterations = 2,
    maxPieceLength = 16,
    seedSize = 1_000_000,
    specialTokens = bertSpecialTokens,
  } = options;
  checkReserved(where, specialTokens);
  const reserved = reservedTokens(specialTokens);
  if (!Number.isInteger(vocabSize) || vocabSize <= reserved.length || vocabSize > 1_000_000)
    throw new InvalidOptionError(where, 'vocabSize', `an integer from ${reserved.length + 1} to 1000000`, vocabSize);
  if (!['nfkc', 'nfc', 'none'].includes(normalizer))
    throw new InvalidOptionError(where, 'normalizer', "'nfkc', 'nfc' or 'none'", normalizer);
  if (!(shrinkingFactor > 0 && shrinkingFactor < 1))
    throw new InvalidOptionError(where, 'shrinkingFactor', 'a number between 0 and 1', shrinkingFactor);
  checkCount(where, { subIterations, maxPieceLength, seedSize });
  if (maxPieceLength > 256)
    throw new InvalidOptionError(where, 'maxPieceLength', 'an integer from 1 to 256', maxPieceLength);

  const counts = await countWords(options, unigramNormalizerJson({ normalizer, lowercase }));
  const size = vocabSize - reserved.length;
  const characters = new Set([...counts.keys()].flatMap((word) => Array.from(word))).size;
  if (characters > size)
    throw new InvalidOptionError(
      where,
      'vocabSize',
      `at least ${characters + reserved.length}, for the special tokens and the characters of the text`,
      vocabSize,
    );
  const learner = learnUnigram(counts, {
    size,
    vocabSize,
    shrinkingFactor,
    subIterations,
    maxPieceLength,
    seedSize,
    reserved,
  });
  const pieces = await learnInTurns(learner, vocabSize, options);
  return UnigramTokenizer.fromJson(unigramJson(pieces, { normalizer, lowercase, specialTokens }), { specialTokens });
}

/** How often each word occurs that the file's own parts make of the texts. */
async function countWords(options: TrainingTexts, normalizerJson: unknown): Promise<ReadonlyMap<string, number>> {
  const fields = (value: unknown): JsonFields => new JsonFields(value, '', (problem) => new DataError(problem));
  const normalizer = normalizerJson === null ? undefined : readNormalizer(fields(normalizerJson));
  const preTokenize = readPreTokenizer(fields(metaspaceJson));
  const counts = new Map<string, number>();
  await readTrainingTexts(where, options, (text) => {
    const given = wellFormed(text);
    for (const { text: word } of preTokenize(AlignedText.of(normalizer?.apply(given) ?? given, false)))
      if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  });
  if (counts.size > 0) return counts;
  throw new DataError('the files and lines hold no text to learn a vocabulary from', placeOfTexts(options));
}
