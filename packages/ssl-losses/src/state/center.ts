import { checkCount, checkShare } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import type { Stateful } from '@selfsup/ssl-tensor';
import { checkTensor } from '../numerics/check.js';

/** Defaults of {@link Center}: the authors' code of DINO, arXiv 2104.14294. */
export const centerDefaults = { momentum: 0.9 } as const;

/**
 * The moving mean of a teacher's outputs, which is taken off them against collapse: what a checkpoint must hold, by name.
 *
 * Source: Caron et al. 2021, arXiv 2104.14294, equation 4; mode `mean` of lightly's `Center`, the only one.
 */
export class Center implements Stateful {
  /** `center`: `[dim]`, zeros at first. */
  readonly buffers: { readonly center: tf.Variable<tf.Rank.R1> };

  /** @throws InvalidOptionError unless `dim` is a positive integer */
  constructor(dim: number) {
    checkCount('Center', { dim });
    this.buffers = { center: tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([dim]), false)) };
  }

  /**
   * `center <- momentum center + (1 - momentum) mean(outputs)`; works inside compile().
   *
   * @param outputs `[..., dim]`; the mean is over all axes but the last
   * @param momentum share of the old centre that stays, in `[0, 1]`
   * @throws ShapeError when the last axis is not `dim`; InvalidOptionError for the momentum
   */
  update(outputs: tf.Tensor, momentum: number = centerDefaults.momentum): void {
    const { center } = this.buffers;
    const [dim] = center.shape;
    checkTensor('Center.update', 'outputs', outputs, [...outputs.shape.slice(0, -1), dim]);
    checkShare('Center.update', { momentum });
    tf.tidy(() => {
      const mean = tf.mean(tf.reshape(outputs, [-1, dim]), 0);
      center.assign(tf.add(tf.mul(center, momentum), tf.mul(mean, 1 - momentum)));
    });
  }

  dispose(): void {
    this.buffers.center.dispose();
  }
}
