import { foldIn, type NdArray, randomKey } from '@selfsup/ssl-core';
import {
  type BertTextEncoder,
  distilStaticEmbedding,
  SentenceDistillation,
  SentenceLoader,
  type StaticEmbedding,
  type TokenDataset,
} from '@selfsup/ssl-text-mlm';
import { warmupCosine } from '@selfsup/ssl-train';
import { glossPairs } from '../texts/noun-tree.js';
import { type TextData, textData } from './data-of.js';
import type { Figures, TextJob } from './rows.js';
import { definitions, sentenceState, type SentenceName, textEncoder } from './sentence-encoders.js';
import { correlationOf, SentenceVectors } from './sentence-vectors.js';
import { train } from './train.js';

/** Rate of a static embedding's training on its teacher's vectors, and its batches. */
const distillation = { learningRate: 3e-3, batchSize: 256 } as const;

/** What the vectors of a sentence encoder are worth. */
export async function sentences({ variant, seed, budget: budgetName, threads }: TextJob): Promise<Figures> {
  const data = await textData('glosses', budgetName);
  const { budget, texts, tokenizer, bucketLengths } = data;
  const pairs = await glossPairs(budget.pairs, randomKey(0));
  const isStatic = variant === 'static';
  const state = await sentenceState(isStatic ? 'simcse' : (variant as SentenceName), data, seed, threads);
  const encoder = textEncoder(data, state);
  const vectors = new SentenceVectors(encoder, { tokenizer, maxLength: texts.maxLength, bucketLengths }, threads);
  const [first, second] = [
    vectors.encoded(pairs.map((pair) => pair.first)),
    vectors.encoded(pairs.map((pair) => pair.second)),
  ];
  const correlation = (a: NdArray<Float32Array>, b: NdArray<Float32Array>, width?: number): number =>
    correlationOf(a, b, pairs, width);
  const [a, b] = [await vectors.of(first), await vectors.of(second)];
  const spearman = correlation(a, b);
  if (!isStatic) {
    const quarter = correlation(a, b, budget.width / 4);
    return { spearman, quarter, kept: quarter / spearman };
  }
  const student = await staticStudent(encoder, data, seed, threads);
  const own = correlation(student.embedIds(idsOf(first)), student.embedIds(idsOf(second)));
  const speed = await speedOver(student, vectors, first);
  return { spearman: own, ofTeacher: own / spearman, speed };
}

/** Of the vocabulary, and trained further on the teacher's vectors of the glosses. */
async function staticStudent(
  teacher: BertTextEncoder,
  data: TextData,
  seed: number,
  threads: number,
): Promise<StaticEmbedding> {
  const { budget, tokenizer, bucketLengths } = data;
  const key = foldIn(randomKey(seed), 'static');
  const student = await distilStaticEmbedding({ encoder: teacher, tokenizer, dim: budget.width });
  const steps = budget.sentenceSteps;
  const { learningRate, batchSize } = distillation;
  await train(
    new SentenceDistillation({ student, teacher, key, distance: 'cosine' }),
    new SentenceLoader({
      sentences: definitions(data),
      padId: tokenizer.specialIds.pad,
      batchSize,
      key,
      bucketLengths,
    }),
    {
      steps,
      schedule: warmupCosine({ base: learningRate, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
      seed,
      threads,
    },
  );
  return student;
}

const idsOf = (dataset: TokenDataset): Int32Array[] =>
  Array.from({ length: dataset.length }, (_, row) => dataset.get(row).ids);

/** How many times as many texts the student embeds in a second, their ids given; of both the best of three. */
async function speedOver(student: StaticEmbedding, teacher: SentenceVectors, texts: TokenDataset): Promise<number> {
  const ids = idsOf(texts);
  const best = async (embed: () => unknown): Promise<number> => {
    let least = Infinity;
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      await embed();
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const slow = await best(() => teacher.of(texts));
  return slow / (await best(() => student.embedIds(ids)));
}
