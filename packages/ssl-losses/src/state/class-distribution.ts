import { checkCount, checkShare } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import type { Stateful } from '@selfsup/ssl-tensor';
import { checkTensor } from '../numerics/check.js';

/** Share of the old average that stays: SoftMatch, arXiv 2301.10921. */
const usualMomentum = 0.999;

/** What a model predicts on average over unlabelled samples, as an exponential moving average. */
export class ClassDistribution implements Stateful {
  /** What a checkpoint must hold, by name. `average`: `[classes]`, uniform at first. */
  readonly buffers: { readonly average: tf.Variable<tf.Rank.R1> };

  /** @throws InvalidOptionError unless `classes` is a positive integer */
  constructor(classes: number) {
    checkCount('ClassDistribution', { classes });
    this.buffers = { average: tf.tidy(() => tf.variable(tf.mul(tf.ones<tf.Rank.R1>([classes]), 1 / classes), false)) };
  }

  /**
   * Moves the average towards the mean of a batch.
   *
   * @param probabilities `[n, classes]`, before alignment
   * @param momentum share of the old average that stays, in `[0, 1]`
   * @throws ShapeError when the shapes do not match; InvalidOptionError for the momentum
   */
  update(probabilities: tf.Tensor2D, momentum = usualMomentum): void {
    const { average } = this.buffers;
    checkTensor('ClassDistribution.update', 'probabilities', probabilities, ['n', average.shape[0]]);
    checkShare('ClassDistribution.update', { momentum });
    tf.tidy(() =>
      average.assign(tf.add(tf.mul(average, momentum), tf.mul(tf.mean(probabilities, 0), 1 - momentum)) as tf.Tensor1D),
    );
  }

  dispose(): void {
    this.buffers.average.dispose();
  }
}
