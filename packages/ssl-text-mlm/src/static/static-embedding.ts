import type * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/ssl-losses';
import { type Encoder, evaluation, type ForwardContext, Module, normal, Parameter } from '@selfsup/ssl-nn';
import { takeRows } from '@selfsup/ssl-tensor';
import {
  checkCount,
  checkOptions,
  DataError,
  foldIn,
  ndArray,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import { checkOneTextEach } from '../bert/check-one-text-each.js';
import { meanPool } from '../bert/mean-pool.js';

/** Options of {@link StaticEmbedding}. */
export interface StaticEmbeddingOptions {
  /** Source of the initial table. */
  readonly key: RandomKey;
  /** Scale results to length 1. Default true. */
  readonly normalize?: boolean;
}

const staticEmbeddingOptionNames: OptionNames<StaticEmbeddingOptions> = {
  key: 'requiredKey',
  normalize: 'optionalFlag',
};

/**
 * A vector for each token, and of a text their mean, scaled to length 1: no layers, so it is as fast as its tokeniser.
 * The tensor's name is that of model2vec's files.
 *
 * `distilStaticEmbedding` makes one of an encoder; `SentenceDistillation` trains it further.
 */
export class StaticEmbedding extends Module implements Encoder<BertInputs> {
  /** `[vocabSize, featureDim]` */
  readonly embeddings: Parameter;
  readonly normalize: boolean;

  constructor(
    readonly vocabSize: number,
    readonly featureDim: number,
    options: StaticEmbeddingOptions,
  ) {
    super();
    const where = 'StaticEmbedding';
    const { key, normalize = true } = checkOptions(where, options, staticEmbeddingOptionNames);
    checkCount(where, { vocabSize, featureDim });
    this.normalize = normalize;
    this.embeddings = new Parameter(normal(0.02)([vocabSize, featureDim], foldIn(key, 'embeddings')));
  }

  /**
   * @returns float32 `[batch, featureDim]`; zeros for a text of padding alone
   * @throws InvalidOptionError for packed rows, which hold several texts
   */
  forward(inputs: BertInputs, _ctx: ForwardContext = evaluation): tf.Tensor2D {
    checkOneTextEach('StaticEmbedding.forward', inputs);
    const rows = takeRows(this.embeddings.variable as tf.Tensor as tf.Tensor2D, inputs.inputIds) as tf.Tensor3D;
    const mean = meanPool(rows, inputs.attentionMask);
    return this.normalize ? l2Normalize(mean) : mean;
  }

  /**
   * The same on the host, without an engine: for search over many texts.
   *
   * @param sequences ids of each text, as the tokeniser gives them
   * @returns `[texts, featureDim]`
   * @throws DataError for an id outside the table
   */
  embedIds(sequences: readonly ArrayLike<number>[]): NdArray<Float32Array> {
    const { featureDim: dim, vocabSize } = this;
    const table = this.embeddings.read().data as Float32Array;
    const result = new Float32Array(sequences.length * dim);
    sequences.forEach((ids, text) => {
      const sum = new Float64Array(dim);
      for (let at = 0; at < ids.length; at++) {
        const id = ids[at]!;
        if (!(Number.isInteger(id) && id >= 0 && id < vocabSize))
          throw new DataError(
            `StaticEmbedding: sequences[${text}][${at}] is ${id}, the table ends at ${vocabSize - 1}`,
          );
        for (let i = 0; i < dim; i++) sum[i]! += table[id * dim + i]!;
      }
      const length = this.normalize ? Math.sqrt(sum.reduce((all, value) => all + value * value, 0)) : ids.length;
      if (length > 0) for (let i = 0; i < dim; i++) result[text * dim + i] = sum[i]! / length;
    });
    return ndArray(result, [sequences.length, dim]);
  }
}
