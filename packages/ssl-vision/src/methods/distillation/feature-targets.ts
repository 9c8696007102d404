import * as tf from '@tensorflow/tfjs-core';
import { stopGradient, type Stateful } from '@selfsup/ssl-tensor';

/** Names of what of a teacher's features is copied. */
export const targetKinds = ['standardized', 'layerNorm', 'raw'] as const;

/** What of a teacher's features is copied: see `DistillationOptions.targets`. */
export type TargetKind = (typeof targetKinds)[number];

const epsilon = 1e-5;

/**
 * What a student copies of a teacher's features. Of raw ones a few dimensions are most of every distance and every cosine.
 * `standardized` gives each dimension mean 0 and deviation 1 by moving statistics: the mean of all updates at first, then a
 * moving one; before the first update, those of the batch. `layerNorm` gives each vector mean 0 and deviation 1.
 *
 * Source: Sariyildiz et al. 2024 (UNIC), arXiv 2408.05088 (moving statistics), and Shang et al. 2024 (Theia), arXiv 2407.20179
 * (statistics taken before); Wei et al. 2022 (feature distillation), arXiv 2205.14141 (layer norm without parameters).
 */
export class FeatureTargets implements Stateful {
  /** With `standardized` `mean` and `square`, the second moment, `[dim]`, and `updates`, `[1]`. */
  readonly buffers: Readonly<Record<string, tf.Variable>>;
  readonly #kind: TargetKind;
  readonly #momentum: number;

  /** @param options.momentum share of the old statistics that stays, once so many updates were made */
  constructor(dim: number, { kind, momentum }: { readonly kind: TargetKind; readonly momentum: number }) {
    const zeros = (size: number): tf.Variable => tf.tidy(() => tf.variable(tf.zeros([size]), false));
    this.buffers = kind === 'standardized' ? { mean: zeros(dim), square: zeros(dim), updates: zeros(1) } : {};
    this.#kind = kind;
    this.#momentum = momentum;
  }

  /**
   * @param features `[batch, ..., dim]`
   * @returns of the same shape
   */
  of(features: tf.Tensor): tf.Tensor {
    if (this.#kind === 'raw') return features;
    if (this.#kind === 'layerNorm') {
      const { mean, variance } = tf.moments(features, -1, true);
      return tf.mul(tf.sub(features, mean), tf.rsqrt(tf.add(variance, epsilon)));
    }
    const { mean, square, updates } = this.buffers;
    const [ofBatch, squareOfBatch] = tf.split(tf.mean(this.momentsOf(features), 0), 2) as [tf.Tensor, tf.Tensor];
    const isFirst = tf.equal(updates!, 0);
    const center = tf.where(isFirst, ofBatch, mean!);
    const variance = tf.maximum(tf.sub(tf.where(isFirst, squareOfBatch, square!), tf.square(center)), 0);
    return tf.mul(tf.sub(features, center), tf.rsqrt(tf.add(variance, epsilon)));
  }

  /**
   * Mean and second moment of each sample's features, for {@link update}: rows that the batches of one update may join.
   *
   * @param features `[batch, ..., dim]`
   * @returns `[batch, 2 dim]`
   */
  momentsOf(features: tf.Tensor): tf.Tensor2D {
    const [batch, dim] = [features.shape[0]!, features.shape.at(-1)!];
    const rows = stopGradient(tf.reshape(features, [batch, -1, dim]));
    return tf.concat([tf.mean(rows, 1), tf.mean(tf.square(rows), 1)], 1) as tf.Tensor2D;
  }

  /** @param moments of all samples of an update, by {@link momentsOf} */
  update(moments: tf.Tensor2D): void {
    const { mean, square, updates } = this.buffers;
    tf.tidy(() => {
      const [ofUpdate, squareOfUpdate] = tf.split(tf.mean(moments, 0), 2) as [tf.Tensor, tf.Tensor];
      const count = tf.add(updates!, 1);
      const share = tf.maximum(tf.div(1, count), 1 - this.#momentum);
      mean!.assign(tf.add(mean!, tf.mul(share, tf.sub(ofUpdate, mean!))));
      square!.assign(tf.add(square!, tf.mul(share, tf.sub(squareOfUpdate, square!))));
      updates!.assign(count);
    });
  }
}
