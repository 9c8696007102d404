import { InvalidOptionError, DataError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { FastDraws } from './fast-draws.js';
import { NoiseWords } from './noise-words.js';
import { sampledUpdate } from './sampled-update.js';
import { trainWord2Vec } from './train-word2vec.js';
import { type Word2VecOptions, word2VecCbow } from './word2vec-options.js';

const stream = new RandomStream(randomKey(3));
const drawn = (length: number): Float32Array => Float32Array.from({ length }, () => stream.normal(0, 0.5));

describe('sampledUpdate', () => {
  it.each([
    [5, 1],
    [8, 4],
    [101, 6],
  ])('is the loops in float64, with %d columns and %d rows', (dim, count) => {
    const [hidden, outputs] = [drawn(3 * dim), drawn(9 * dim)];
    const targets = Int32Array.from([7, 2, 5, 2, 0, 3]);
    // Naive, one after the other: the word 2 is drawn twice and has moved when it comes again.
    const rows = Array.from({ length: 9 }, (_, row) => [...outputs.subarray(row * dim, (row + 1) * dim)]);
    const h = [...hidden.subarray(dim, 2 * dim)];
    const error = h.map(() => 0);
    for (let k = 0; k < count; k++) {
      const row = rows[targets[k]!]!;
      const score = h.reduce((sum, value, i) => sum + value * row[i]!, 0);
      const g = 0.3 * ((k === 0 ? 1 : 0) - 1 / (1 + Math.exp(-score)));
      row.forEach((value, i) => (error[i]! += g * value));
      rows[targets[k]!] = row.map((value, i) => value + g * h[i]!);
    }
    const found = new Float32Array(dim).fill(9);
    const before = hidden.slice();
    sampledUpdate(hidden, dim, outputs, targets, count, dim, 0.3, found);
    expect(hidden).toEqual(before);
    found.forEach((value, i) => expect(value).toBeCloseTo(error[i]!, 5));
    rows.flat().forEach((value, i) => expect(outputs[i]).toBeCloseTo(value, 5));
  });

  it('moves along the gradient of the loss of negative sampling, by differences', () => {
    const dim = 4;
    const [hidden, outputs] = [drawn(dim), drawn(3 * dim)];
    const loss = (h: ArrayLike<number>, u: ArrayLike<number>): number =>
      [0, 1, 2].reduce((sum, row) => {
        let score = 0;
        for (let i = 0; i < dim; i++) score += h[i]! * u[row * dim + i]!;
        return sum + Math.log(1 + Math.exp(row === 0 ? -score : score));
      }, 0);
    const slope = (values: ArrayLike<number>, of: (moved: number[]) => number): number[] =>
      Array.from(values, (_, i) => {
        const moved = (step: number): number => of(Array.from(values, (value, j) => value + (i === j ? step : 0)));
        return (moved(1e-4) - moved(-1e-4)) / 2e-4;
      });
    const [ofHidden, ofOutputs] = [slope(hidden, (h) => loss(h, outputs)), slope(outputs, (u) => loss(hidden, u))];
    const after = outputs.slice();
    const error = new Float32Array(dim);
    sampledUpdate(hidden, 0, after, Int32Array.from([0, 1, 2]), 3, dim, 1, error);
    ofHidden.forEach((value, i) => expect(error[i]).toBeCloseTo(-value, 4));
    ofOutputs.forEach((value, i) => expect(after[i]! - outputs[i]!).toBeCloseTo(-value, 4));
  });
});

it('draws words by their counts to a power, by chi-square', () => {
  const counts = [1000, 300, 50, 7, 1, 1];
  const noise = new NoiseWords(counts, 0.75);
  const draws = new FastDraws(randomKey(9));
  const found = counts.map(() => 0);
  const total = 200_000;
  for (let i = 0; i < total; i++) found[noise.draw(draws)]!++;
  const powers = counts.map((count) => count ** 0.75);
  const sum = powers.reduce((a, b) => a + b);
  const chi = found.reduce(
    (all, times, i) => all + (times - (total * powers[i]!) / sum) ** 2 / ((total * powers[i]!) / sum),
    0,
  );
  // 99.9 % of chi-square with 5 degrees of freedom.
  expect(chi).toBeLessThan(20.5);
});

/** Sentences of two subjects whose words never meet, and words that stand anywhere. */
const subjects = [
  ['cat', 'dog', 'bird', 'horse', 'cow', 'sheep'],
  ['iron', 'gold', 'tin', 'zinc', 'lead', 'copper'],
];
const texts = Array.from({ length: 1500 }, (_, at) => {
  const own = subjects[at % 2]!;
  return Array.from({ length: 8 }, (_unused, i) => (i % 3 === 2 ? 'the' : own[stream.integer(own.length)]!)).join(' ');
});
const small: Word2VecOptions = {
  data: texts,
  key: randomKey(1),
  dim: 20,
  epochs: 6,
  subsample: 1e-2,
  learningRate: 0.05,
};

describe.each([
  ['skip-gram', {}],
  ['CBOW', word2VecCbow],
] as const)('trainWord2Vec, %s', (_name, model) => {
  it('puts words of one subject together, which no fresh vectors are', async () => {
    const own = async (epochs: number, learningRate = 0.05): Promise<number> => {
      const vectors = await trainWord2Vec({ ...small, ...model, epochs, learningRate, minLearningRate: 1e-9 });
      const hits = subjects.flatMap((words) =>
        words.flatMap((word) => vectors.mostSimilar(word, { count: 5 }).map((found) => words.includes(found.word))),
      );
      return hits.filter(Boolean).length / hits.length;
    };
    expect(await own(6)).toBeGreaterThan(0.95);
    expect(await own(1, 1e-8)).toBeLessThan(0.7);
  });

  it('repeats by its key', async () => {
    const of = async (seed: number): Promise<Float32Array> =>
      (await trainWord2Vec({ ...small, ...model, key: randomKey(seed), epochs: 1 })).vectors.data;
    expect(await of(1)).toEqual(await of(1));
    expect(await of(1)).not.toEqual(await of(2));
  });
});

it('orders words by count, leaves rare ones out, and tells each epoch', async () => {
  const told: number[] = [];
  const data = ['b a a c', 'a b rare', 'c a'];
  const onEpoch = ({ words }: { readonly words: number }): void => void told.push(words);
  const vectors = await trainWord2Vec({ data, key: randomKey(1), minCount: 2, dim: 3, epochs: 2, onEpoch });
  expect(vectors.words).toEqual(['a', 'b', 'c']);
  expect(Array.from(vectors.counts!)).toEqual([4, 2, 2]);
  expect(told).toEqual([8, 8]);
  const letters = await trainWord2Vec({
    data,
    key: randomKey(1),
    minCount: 1,
    dim: 2,
    wordsOf: (text) => text.split(''),
  });
  expect(letters.words).toContain(' ');
});

it('thins frequent words out by the chance of word2vec.c', async () => {
  // With a window of 1 and one epoch, a pair is trained where both words stay; `the` alone never moves anything.
  const data = Array.from({ length: 400 }, () => 'the the the the');
  const pairs = async (subsample: number): Promise<Float32Array> =>
    (
      await trainWord2Vec({
        data: [...data, 'x y'],
        key: randomKey(4),
        minCount: 1,
        dim: 4,
        epochs: 1,
        subsample,
        window: 1,
      })
    ).vectors.data;
  // Nothing of `the` is kept at such a share, so its vector is as it began; at 0 all of it is.
  const began = await pairs(1e-12);
  const moved = await pairs(0);
  const distance = (a: Float32Array, b: Float32Array): number =>
    Math.hypot(...a.subarray(0, 4).map((v, i) => v - b[i]!));
  expect(distance(began, await pairs(1e-11))).toBeLessThan(1e-6);
  expect(distance(began, moved)).toBeGreaterThan(0.01);
});

it('names what is wrong', async () => {
  const given = { data: texts, key: randomKey(1) };
  await expect(trainWord2Vec({ ...given, model: 'glove' as 'cbow' })).rejects.toThrow(InvalidOptionError);
  await expect(trainWord2Vec({ ...given, dim: 0 })).rejects.toThrow('dim');
  await expect(trainWord2Vec({ ...given, negatives: 0 })).rejects.toThrow('negatives');
  await expect(trainWord2Vec({ ...given, minLearningRate: 1 })).rejects.toThrow('at most learningRate (0.025)');
  await expect(trainWord2Vec({ ...given, wordsOf: (text) => text as never })).rejects.toThrow('an array of words');
  const few = { data: ['one two', 'one'], key: randomKey(1) };
  await expect(trainWord2Vec(few)).rejects.toThrow(DataError);
  await expect(trainWord2Vec(few)).rejects.toThrow('give more text or a smaller minCount');
  await expect(trainWord2Vec({ ...few, minCount: 1 })).resolves.toBeDefined();
});
