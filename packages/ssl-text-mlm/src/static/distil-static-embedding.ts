import type * as tf from '@tensorflow/tfjs-core';
import type { Encoder } from '@selfsup/ssl-nn';
import { compile } from '@selfsup/ssl-tensor';
import {
  checkCount,
  checkOptions,
  checkPositive,
  InvalidOptionError,
  type NdArray,
  ndArray,
  type OptionNames,
  randomKey,
} from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import { checkTextEncoder } from '../sentence/check-text-encoder.js';
import { principalComponents } from './principal-components.js';
import { StaticEmbedding } from './static-embedding.js';

/** What is asked of a tokeniser. */
export interface TokenIds {
  readonly vocabSize: number;
  readonly specialIds: Readonly<Record<'pad' | 'unk' | 'cls' | 'sep' | 'mask', number>>;
}

/** Options of {@link distilStaticEmbedding}. */
export interface DistilStaticEmbeddingOptions {
  /** The teacher, any encoder of sentences. */
  readonly encoder: Encoder<BertInputs>;
  /** Its tokeniser. */
  readonly tokenizer: TokenIds;
  /** Width of the result, at most the teacher's. Default 256, or the teacher's where that is less. */
  readonly dim?: number;
  /** Frequent tokens count less: weight `a / (a + p)`, `p` the token's share. Default 1e-4. */
  readonly sif?: number;
  /** How often each token comes. Default: by Zipf's law from the order of the ids, `p` in proportion to `1 / (2 + id)`. */
  readonly counts?: ArrayLike<number>;
  /** Tokens that the teacher reads at a time. Default 256. */
  readonly batchSize?: number;
}

const distilStaticEmbeddingOptionNames: OptionNames<DistilStaticEmbeddingOptions> = {
  encoder: 'required',
  tokenizer: 'required',
  dim: 'optionalNumber',
  sif: 'optionalNumber',
  counts: 'optional',
  batchSize: 'optionalNumber',
};

/** Defaults of {@link distilStaticEmbedding}, of model2vec 0.6; the weight is that of SIF (Arora et al. 2017, ICLR). */
export const staticEmbeddingDefaults = { dim: 256, sif: 1e-4, batchSize: 256 } as const;

/**
 * A static embedding of an encoder of sentences, without any text: each token of the vocabulary through the teacher by
 * itself, `[CLS] token [SEP]`, the principal components of the vectors, and less weight for frequent tokens. Special tokens get
 * zeros, so that `[CLS]` and `[SEP]` change no direction.
 *
 * @throws InvalidOptionError for options, and counts that do not fit the vocabulary
 * Source: the recipe of model2vec (Minish Lab, 2024), written anew.
 */
export async function distilStaticEmbedding(options: DistilStaticEmbeddingOptions): Promise<StaticEmbedding> {
  const where = 'distilStaticEmbedding';
  const given = { ...staticEmbeddingDefaults, ...checkOptions(where, options, distilStaticEmbeddingOptionNames) };
  const { encoder, tokenizer, sif, counts, batchSize } = given;
  checkTextEncoder(where, 'encoder', encoder);
  if (!(tokenizer?.vocabSize > 0 && typeof tokenizer.specialIds === 'object'))
    throw new InvalidOptionError(where, 'tokenizer', 'a tokeniser', tokenizer);
  const width = encoder.featureDim;
  const dim = options.dim ?? Math.min(given.dim, width);
  checkCount(where, { dim, batchSize });
  checkPositive(where, { sif });
  if (dim > width) throw new InvalidOptionError(where, 'dim', `at most ${width}, the teacher's width`, dim);
  const { vocabSize, specialIds } = tokenizer;
  if (counts !== undefined && counts.length !== vocabSize)
    throw new InvalidOptionError(where, 'counts', `${vocabSize} numbers, one for each token`, counts.length);
  const special = new Set(Object.values(specialIds));
  const tokens = Array.from({ length: vocabSize }, (_, id) => id).filter((id) => !special.has(id));
  const vectors = await teacherVectors(encoder, tokens, specialIds, batchSize);
  const reduced = principalComponents(vectors, tokens.length, width, dim);
  const shareOf = shares(tokens, counts);
  const table = new Float32Array(vocabSize * dim);
  tokens.forEach((id, row) => {
    const weight = sif / (sif + shareOf[row]!);
    for (let i = 0; i < dim; i++) table[id * dim + i] = weight * reduced[row * dim + i]!;
  });
  const student = new StaticEmbedding(vocabSize, dim, { key: randomKey(0) });
  student.loadStateDict(new Map([['embeddings', ndArray(table, [vocabSize, dim])]]));
  return student;
}

/** Share of each token among all, by counts or by rank. */
function shares(tokens: readonly number[], counts: ArrayLike<number> | undefined): number[] {
  const parts = tokens.map((id, rank) => (counts === undefined ? 1 / (2 + rank) : counts[id]!));
  const total = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => (total === 0 ? 0 : part / total));
}

/** The teacher's vectors of single tokens, `[tokens, width]`. */
async function teacherVectors(
  encoder: Encoder<BertInputs>,
  tokens: readonly number[],
  { cls, sep, pad }: TokenIds['specialIds'],
  batchSize: number,
): Promise<Float32Array> {
  const forward = compile(
    ((inputIds: tf.Tensor) => encoder.forward({ inputIds })) as unknown as (ids: NdArray<Int32Array>) => tf.Tensor,
    { name: 'static embedding' },
  );
  const width = encoder.featureDim;
  const vectors = new Float32Array(tokens.length * width);
  try {
    for (let from = 0; from < tokens.length; from += batchSize) {
      const ids = Array.from({ length: batchSize }, (_, row) => [cls, tokens[from + row] ?? pad, sep]).flat();
      const output = await forward(ndArray(Int32Array.from(ids), [batchSize, 3]));
      const values = (await output.data()) as Float32Array;
      output.dispose();
      vectors.set(values.subarray(0, Math.min(batchSize, tokens.length - from) * width), from * width);
    }
  } finally {
    forward.dispose();
  }
  return vectors;
}
