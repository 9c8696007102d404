import * as tf from '@tensorflow/tfjs-core';
import { checkCount, takeRows } from '@selfsup/ssl-tensor';
import {
  checkIsTensor,
  checkOptions,
  DataError,
  foldIn,
  type OptionNames,
  type RandomKey,
  SslError,
} from '@selfsup/ssl-tensor/host';
import { normal, type Initialiser } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';

/** Options of {@link Embedding}. */
export interface EmbeddingOptions {
  readonly key: RandomKey;
  /** Default PyTorch's, Gaussian with deviation 1. */
  readonly weightInit?: Initialiser;
}

const embeddingOptionNames: OptionNames<EmbeddingOptions> = {
  key: 'requiredKey',
  weightInit: 'optionalFunction',
};

/**
 * A table of vectors by index; `weight` is `[count, dim]` in memory and in the state dict.
 *
 * Indices are not checked before, as their values are only known while a step runs: one outside the table makes the call
 * fail, compiled when it runs.
 * Source: defined as `torch.nn.Embedding`.
 */
export class Embedding extends Module {
  readonly weight: Parameter;

  constructor(
    readonly count: number,
    readonly dim: number,
    options: EmbeddingOptions,
  ) {
    super();
    const { key, weightInit = normal() } = checkOptions('Embedding', options, embeddingOptionNames);
    checkCount('Embedding', { count });
    checkCount('Embedding', { dim });
    this.weight = new Parameter(weightInit([count, dim], foldIn(key, 'weight')));
  }

  /**
   * @param indices int32, any shape, each in `[0, count)`
   * @returns `[...indices.shape, dim]`
   * @throws DataError for an index outside the table, where the call is eager
   */
  forward(indices: tf.Tensor, _ctx?: ForwardContext): tf.Tensor {
    checkIsTensor('Embedding.forward', 'indices', indices);
    const places = indices.dtype === 'int32' ? indices : tf.cast(indices, 'int32');
    try {
      return takeRows(this.weight.variable as tf.Tensor as tf.Tensor2D, places);
    } catch (cause) {
      // TF.js tells the value, without a word of whose it is.
      if (SslError.isInstance(cause)) throw cause;
      throw new DataError(`Embedding: indices must lie in 0 .. ${this.count - 1}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}
