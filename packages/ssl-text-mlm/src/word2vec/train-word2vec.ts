import { checkMemory } from '@selfsup/ssl-core/files';
import { checkOptions, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { textFileOptionNames, textSource } from '../pretrain/text-source.js';
import { FastDraws } from './fast-draws.js';
import { NoiseWords } from './noise-words.js';
import { type SampledMemory, sampledMemory } from './sampled-memory.js';
import { checkWord2Vec, type Word2VecOptions, word2VecDefaults, word2VecOptionNames } from './word2vec-options.js';
import { type CountedTexts, WordCounts } from './word-counts.js';
import { WordVectors } from './word-vectors.js';

/** Words after which other work of the process has a turn. */
const turn = 50_000;

/**
 * Learns vectors of words from the words around them: skip-gram or CBOW with negative sampling, frequent words thinned out,
 * windows of drawn width, a rate that falls linearly. The same texts, options and key give the same vectors, on one thread.
 *
 * Order of words and texts, draws, rates and updates are those of word2vec.c and gensim 4, and the vectors begin as gensim's, twice
 * as long as word2vec.c's; the numbers drawn are others, and the sigmoid is exact, not a table.
 *
 * @throws InvalidOptionError for options; DataError for files, or where too few words are left
 * Source: Mikolov et al. 2013, arXiv 1301.3781 and 1310.4546; word2vec.c for what they leave open.
 *
 * @example
 * const vectors = await trainWord2Vec({ data: 'texts', key: randomKey(1), minCount: 5 });
 * console.log(vectors.mostSimilar('water', { count: 5 }), vectors.analogy('man', 'king', 'woman'));
 */
export async function trainWord2Vec(options: Word2VecOptions): Promise<WordVectors> {
  const where = 'trainWord2Vec';
  const given = { ...word2VecDefaults, ...checkOptions(where, options, word2VecOptionNames) };
  checkWord2Vec(where, given);
  const { data, wordsOf, minCount, dim, key } = given;
  const files = Object.fromEntries(
    Object.keys(textFileOptionNames).flatMap((name) =>
      given[name as 'unit'] === undefined ? [] : [[name, given[name as 'unit']]],
    ),
  );
  const counted = new WordCounts();
  await textSource(where, data, files).read((text) => {
    const words: unknown = wordsOf(text);
    if (!Array.isArray(words))
      throw new InvalidOptionError(where, 'wordsOf', 'a function that gives an array of words', words);
    counted.push(words as string[]);
  });
  const texts = counted.finish(where, minCount);
  const words = texts.words.length;
  checkMemory(where, 'the vectors', [{ option: 'dim', bytes: 12 * words * dim }]);
  const memory = sampledMemory(words, dim, given.negatives);
  const draws = new FastDraws(foldIn(key, 'word2vec-start'));
  for (let row = 0; row < words; row++)
    for (let i = 0; i < dim; i++) memory.floats[row * memory.stride + i] = (draws.bits() / 2147483648 - 1) / dim;
  await learn(texts, memory, given);
  const vectors = new Float32Array(words * dim);
  for (let row = 0; row < words; row++) {
    const from = row * memory.stride;
    vectors.set(memory.floats.subarray(from, from + dim), row * dim);
  }
  return new WordVectors(texts.words, { data: vectors, shape: [words, dim] }, { counts: texts.counts });
}

/** The epochs; changes the vectors. */
async function learn(
  { counts, tokens, offsets }: CountedTexts,
  { floats, stride, hidden, error, targets, update, add }: SampledMemory,
  options: Word2VecOptions & typeof word2VecDefaults,
): Promise<void> {
  const { window, negatives, noiseExponent, epochs, learningRate, minLearningRate, key, model, onEpoch } = options;
  const noise = new NoiseWords(counts, noiseExponent);
  const keeps = keepChances(counts, options.subsample);
  const draws = new FastDraws(foldIn(key, 'word2vec'));
  const sentence = new Int32Array(
    offsets.reduce((most, end, text) => Math.max(most, end - (offsets[text - 1] ?? 0)), 0),
  );
  /** The word and words drawn beside it, which are not it. */
  const drawTargets = (word: number): number => {
    let count = 1;
    targets[0] = word;
    for (let k = 0; k < negatives; k++) {
      const drawn = noise.draw(draws);
      if (drawn !== word) targets[count++] = drawn;
    }
    return count;
  };
  const skipGram = (word: number, from: number, to: number, own: number, rate: number): void => {
    for (let j = from; j < to; j++) {
      if (j === own) continue;
      const row = sentence[j]! * stride;
      update(row, drawTargets(word), rate);
      add(row, error, 1);
    }
  };
  const cbow = (word: number, from: number, to: number, own: number, rate: number): void => {
    if (to - from < 2) return;
    floats.fill(0, hidden, hidden + stride);
    const share = 1 / (to - from - 1);
    for (let j = from; j < to; j++) if (j !== own) add(hidden, sentence[j]! * stride, share);
    update(hidden, drawTargets(word), rate);
    // The whole error to each word of the mean, as word2vec.c and gensim do.
    for (let j = from; j < to; j++) if (j !== own) add(sentence[j]! * stride, error, 1);
  };
  const learnWord = model === 'cbow' ? cbow : skipGram;
  const total = tokens.length * epochs;
  let seen = 0;
  let rest = turn;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const began = performance.now();
    for (let text = 0; text + 1 < offsets.length; text++) {
      const rate = Math.max(minLearningRate, learningRate - ((learningRate - minLearningRate) * seen) / total);
      let length = 0;
      for (let at = offsets[text]!; at < offsets[text + 1]!; at++) {
        const word = tokens[at]!;
        if (keeps[word]! >= 4294967296 || draws.bits() < keeps[word]!) sentence[length++] = word;
      }
      for (let i = 0; i < length; i++) {
        const reach = window - draws.below(window);
        learnWord(sentence[i]!, Math.max(0, i - reach), Math.min(length, i + reach + 1), i, rate);
      }
      const words = offsets[text + 1]! - offsets[text]!;
      seen += words;
      rest -= words;
      if (rest > 0) continue;
      rest = turn;
      await new Promise((resolve) => void setImmediate(resolve));
    }
    onEpoch?.({ epoch, words: tokens.length, seconds: (performance.now() - began) / 1000 });
  }
}

/** Chance, of 2^32, that an occurrence of each word is kept: `(sqrt(c / (s n)) + 1) s n / c`, of word2vec.c. */
function keepChances(counts: Float64Array, subsample: number): Float64Array {
  const threshold = subsample * counts.reduce((a, b) => a + b, 0);
  return counts.map((count) =>
    threshold === 0 ? 2 ** 32 : Math.min(1, (Math.sqrt(count / threshold) + 1) * (threshold / count)) * 2 ** 32,
  );
}
