import * as tf from '@tensorflow/tfjs-core';
import type { Stateful } from '@selfsup/ssl-tensor';
import {
  checkChoice,
  checkCount,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-tensor/host';
import { checkShape } from '../numerics/check.js';

/** Options of {@link FeatureQueue}. */
export interface FeatureQueueOptions {
  /** Draws the features that the queue starts with. */
  readonly key: RandomKey;
  /**
   * What becomes of rows beyond the last place: `wrap` puts them in the first places; `drop` leaves them off and starts
   * over at the first place, as lightly and MoCo's code do. The same where batches divide the size.
   */
  readonly overflow?: 'wrap' | 'drop';
}

const featureQueueOptionNames: OptionNames<FeatureQueueOptions> = {
  key: 'requiredKey',
  overflow: 'optional',
};

/** Defaults of {@link FeatureQueue}: no row is lost, whatever the sizes; MoCo's code wants batches that divide the size. */
export const featureQueueDefaults = { overflow: 'wrap' } as const;

/**
 * The last features of a teacher, oldest replaced first: the negatives of MoCo, the support set of NNCLR. Starts with
 * random features of length 1. What a checkpoint must hold is in `buffers`.
 *
 * Source: He et al. 2020, arXiv 1911.05722, algorithm 1, and moco/builder.py of facebookresearch/moco; with `drop`
 * equal to lightly's `MemoryBankModule`, which leaves its bank out of state dicts, gives it transposed, and never
 * updates it within a call before it is read.
 *
 * @example
 * const queue = new FeatureQueue(4096, 128, { key: randomKey(0) });
 * const step = compile((query: tf.Tensor2D, positive: tf.Tensor2D) => {
 *   const loss = infoNCE(query, positive, queue.features);
 *   queue.enqueue(l2Normalize(positive));
 *   return loss;
 * });
 */
export class FeatureQueue implements Stateful {
  /** `features`: `[size, dim]`. `pointer`: int32 `[1]`, the place of the next row. */
  readonly buffers: { readonly features: tf.Variable<tf.Rank.R2>; readonly pointer: tf.Variable<tf.Rank.R1> };
  readonly #overflow: 'wrap' | 'drop';

  /** @throws InvalidOptionError unless `size` and `dim` are positive integers, or for another `overflow` */
  constructor(size: number, dim: number, options: FeatureQueueOptions) {
    const { key, overflow } = {
      ...featureQueueDefaults,
      ...checkOptions('FeatureQueue', options, featureQueueOptionNames),
    };
    checkCount('FeatureQueue', { size, dim });
    if (size * dim > 2 ** 31) throw new InvalidOptionError('FeatureQueue', 'size', `at most 2^31 / ${dim}`, size);
    checkChoice('FeatureQueue', 'overflow', overflow, ['wrap', 'drop']);
    this.#overflow = overflow;
    const values = unitRows(size, dim, new RandomStream(key));
    this.buffers = tf.tidy(() => ({
      features: tf.variable(tf.tensor2d(values, [size, dim]), false),
      pointer: tf.variable(tf.tensor1d([0], 'int32'), false),
    }));
  }

  /** `[size, dim]`, in the order of the places; no gradient flows into it. */
  get features(): tf.Tensor2D {
    return this.buffers.features;
  }

  /**
   * Puts rows in the places of the oldest ones; works inside compile().
   *
   * @param rows `[n, dim]`, as they shall be kept: normalise them before. Of more than `size` rows, `wrap` keeps the last,
   *   `drop` the first
   * @throws ShapeError when the rows do not fit
   */
  enqueue(rows: tf.Tensor2D): void {
    const { features, pointer } = this.buffers;
    const [size, dim] = features.shape;
    checkShape('FeatureQueue.enqueue', 'rows', rows, ['n', dim]);
    const n = rows.shape[0];
    if (n === 0) return;
    tf.tidy(() => {
      const end = tf.add(pointer, tf.scalar(n, 'int32'));
      const length = tf.scalar(size, 'int32');
      const wrap = this.#overflow === 'wrap';
      const kept = wrap && n > size ? tf.slice(rows, [n - size, 0]) : rows;
      const count = Math.min(kept.shape[0], size);
      const next = tf.cast(wrap ? tf.mod(end, length) : tf.mul(end, tf.cast(tf.less(end, length), 'int32')), 'int32');
      // Which of the new rows each place would take: read by place, so that dropped rows need no place to go to.
      const first = wrap ? tf.sub(next, tf.scalar(count, 'int32')) : pointer;
      const distance = tf.sub(tf.range(0, size, 1, 'int32'), first);
      const index = tf.cast(wrap ? tf.mod(distance, length) : distance, 'int32');
      const taken = tf.logicalAnd(
        tf.greaterEqual(index, tf.scalar(0, 'int32')),
        tf.less(index, tf.scalar(count, 'int32')),
      );
      const rowsByPlace = tf.gather(kept, tf.mul(index, tf.cast(taken, 'int32')) as tf.Tensor1D) as tf.Tensor2D;
      features.assign(tf.where(tf.broadcastTo(tf.reshape(taken, [size, 1]), [size, dim]), rowsByPlace, features));
      pointer.assign(next as tf.Tensor1D);
    });
  }

  dispose(): void {
    this.buffers.features.dispose();
    this.buffers.pointer.dispose();
  }
}

/** Normal draws scaled to length 1. */
function unitRows(size: number, dim: number, random: RandomStream): Float32Array {
  const values = Float32Array.from({ length: size * dim }, () => random.normal());
  for (let start = 0; start < values.length; start += dim) {
    const row = values.subarray(start, start + dim);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    row.forEach((value, column) => (row[column] = value / Math.max(length, 1e-6)));
  }
  return values;
}
