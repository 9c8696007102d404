import {
  checkChoice,
  checkCount,
  checkNonNegative,
  checkNumber,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { type TextData, type TextFileOptions, textFileOptionNames } from '../pretrain/text-source.js';

/** What is told after each epoch. */
export interface Word2VecEpoch {
  /** From 0. */
  readonly epoch: number;
  /** Words of the texts that are in the vocabulary. */
  readonly words: number;
  readonly seconds: number;
}

/** Options of `trainWord2Vec`. */
export interface Word2VecOptions extends TextFileOptions {
  /** A folder or file of texts, an array of texts, or a function that gives an iterable of them; windows end with a text. */
  readonly data: TextData;
  /** Source of the initial vectors and of all draws. */
  readonly key: RandomKey;
  /** Words of a text. Default: what stands between white space. */
  readonly wordsOf?: (text: string) => readonly string[];
  /** `skipGram`: each word around tells the one in the middle; `cbow`: their mean does. Default `skipGram`. */
  readonly model?: 'skipGram' | 'cbow';
  /** Width of the vectors. Default 100. */
  readonly dim?: number;
  /** Words on each side, at most; how many is drawn for each word, from 1 on. Default 5. */
  readonly window?: number;
  /** Words drawn beside each that is there. Default 5. */
  readonly negatives?: number;
  /** They are drawn in proportion to their counts to this power. Default 0.75. */
  readonly noiseExponent?: number;
  /** Share of all words above which a word is thinned out; 0: none is. Default 1e-3. */
  readonly subsample?: number;
  /** Rarer words are left out. Default 5. */
  readonly minCount?: number;
  /** Default 5. */
  readonly epochs?: number;
  /** Rate at the beginning. Default 0.025. */
  readonly learningRate?: number;
  /** Rate at the end. Default 1e-4. */
  readonly minLearningRate?: number;
  readonly onEpoch?: (epoch: Word2VecEpoch) => void;
}

export const word2VecOptionNames: OptionNames<Word2VecOptions> = {
  ...textFileOptionNames,
  data: 'required',
  key: 'requiredKey',
  wordsOf: 'optionalFunction',
  model: 'optional',
  dim: 'optionalNumber',
  window: 'optionalNumber',
  negatives: 'optionalNumber',
  noiseExponent: 'optionalNumber',
  subsample: 'optionalNumber',
  minCount: 'optionalNumber',
  epochs: 'optionalNumber',
  learningRate: 'optionalNumber',
  minLearningRate: 'optionalNumber',
  onEpoch: 'optionalFunction',
};

/** What stands between white space. */
const betweenSpaces = (text: string): readonly string[] => text.split(/\s+/u).filter((word) => word !== '');

/**
 * Defaults of `trainWord2Vec`: those of word2vec.c and gensim 4 for the skip-gram; exponent and thinning of arXiv 1310.4546,
 * section 2.2 and 2.3. On small corpora the paper draws 5 to 20 negatives.
 */
export const word2VecDefaults: Required<
  Pick<
    Word2VecOptions,
    | 'wordsOf'
    | 'dim'
    | 'window'
    | 'negatives'
    | 'noiseExponent'
    | 'subsample'
    | 'minCount'
    | 'epochs'
    | 'learningRate'
    | 'minLearningRate'
  >
> & { readonly model: 'skipGram' | 'cbow' } = {
  wordsOf: betweenSpaces,
  model: 'skipGram',
  dim: 100,
  window: 5,
  negatives: 5,
  noiseExponent: 0.75,
  subsample: 1e-3,
  minCount: 5,
  epochs: 5,
  learningRate: 0.025,
  minLearningRate: 1e-4,
};

/** CBOW with the rate that word2vec.c gives it. */
export const word2VecCbow = { model: 'cbow', learningRate: 0.05 } as const satisfies Partial<Word2VecOptions>;

/** @throws InvalidOptionError for what is out of range */
export function checkWord2Vec(where: string, options: Word2VecOptions & typeof word2VecDefaults): void {
  const { model, dim, window, negatives, minCount, epochs, subsample, learningRate, minLearningRate } = options;
  checkChoice(where, 'model', model, ['skipGram', 'cbow']);
  checkCount(where, { dim, window, negatives, minCount, epochs });
  checkNonNegative(where, { subsample, minLearningRate });
  checkNumber(where, 'noiseExponent', options.noiseExponent);
  checkPositive(where, { learningRate });
  if (minLearningRate > learningRate)
    throw new InvalidOptionError(where, 'minLearningRate', `at most learningRate (${learningRate})`, minLearningRate);
}
