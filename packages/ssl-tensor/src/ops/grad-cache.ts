import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-core';
import { checkpoint } from './checkpoint.js';

/** Options of {@link gradCache}. */
export interface GradCacheOptions {
  /** Rows that are computed at a time; the last chunk may have fewer. */
  readonly chunkSize: number;
}

const gradCacheOptionNames: OptionNames<GradCacheOptions> = { chunkSize: 'requiredNumber' };

/**
 * Computes a function of a large batch chunk by chunk, and once more, chunk by chunk, for its gradient: a contrastive loss
 * of the results sees all rows as negatives of each other, while the inner values of only one chunk are held at a time. The
 * gradient is that of the whole batch where rows do not look at each other inside `fn`: not with batch statistics.
 *
 * Source: Gao et al. 2021, arXiv 2101.06983 (GradCache), by {@link checkpoint}.
 *
 * @param fn rows of a chunk to as many rows; the chunk's number is for random keys (`childContext(ctx, chunk)`)
 * @param inputs `[rows, ...]`
 * @returns `[rows, ...]`, the results below each other
 * @throws InvalidOptionError unless `chunkSize` is a positive integer; ShapeError where `fn` returns another number of rows
 *
 * @example
 * const z = gradCache((images, chunk) => encoder.forward(images, childContext(ctx, chunk)), views, { chunkSize: 64 });
 * return { loss: ntXent(z) };
 */
export function gradCache(
  fn: (rows: tf.Tensor, chunk: number) => tf.Tensor,
  inputs: tf.Tensor,
  options: GradCacheOptions,
): tf.Tensor {
  const { chunkSize } = checkOptions('gradCache', options, gradCacheOptionNames);
  checkCount('gradCache', { chunkSize });
  if (inputs.rank === 0) throw new ShapeError('gradCache', 'inputs', '[rows, ...]', '[]');
  const rows = inputs.shape[0]!;
  const results: tf.Tensor[] = [];
  for (let from = 0; from < rows; from += chunkSize) {
    const size = Math.min(chunkSize, rows - from);
    const part = tf.slice(inputs, [from], [size]);
    const chunk = results.length;
    const result = checkpoint((given: tf.Tensor) => fn(given, chunk), part);
    if (result.shape[0] !== size)
      throw new ShapeError('gradCache', 'what fn returns', `[${size}, ...]`, `[${result.shape.join(', ')}]`);
    results.push(result);
  }
  return results.length === 1 ? results[0]! : tf.concat(results);
}
