import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { bothLabelled, checkMixing } from './mixed-targets.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { smoothedCrossEntropy } from './softmax-cross-entropy.js';

/** Options of {@link mixedCrossEntropy}. */
export interface MixedCrossEntropyOptions<R extends Reduction = Reduction> {
  /** Share of the target that is spread over all classes, in `[0, 1)`. */
  readonly labelSmoothing?: number;
  readonly reduction?: R;
}

const mixedCrossEntropyOptionNames: OptionNames<MixedCrossEntropyOptions> = {
  labelSmoothing: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link mixedCrossEntropy}: no smoothing, arXiv 1710.09412. */
export const mixedCrossEntropyDefaults = { labelSmoothing: 0, reduction: 'mean' } as const;

/**
 * Cross-entropy of mixed images, from both their labels: `lambda CE(x, y) + (1 - lambda) CE(x, y')`. Equal to the
 * cross-entropy against the mixed targets, without a one-hot tensor. A row does not count where one of its labels is -1,
 * the product's 'no label' (or -100).
 *
 * @param logits `[n, classes]`
 * @param labels of the first images, int32 `[n]`
 * @param partners labels of the images mixed in, int32 `[n]`
 * @param lambda share of the first image, in `[0, 1]`: one number, or one for each row, `[n]`. For mixup the weight of its
 * pixels, for CutMix the share of the area that it keeps
 * @returns scalar in nats, or `[n]` with reduction `none`, 0 for rows that do not count; NaN, also the gradient, for any
 *   other label outside the classes and where no row counts
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Zhang et al. 2017 (mixup), arXiv 1710.09412; Yun et al. 2019 (CutMix), arXiv 1905.04899.
 */
export function mixedCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  partners: tf.Tensor1D,
  lambda: number | tf.Tensor1D,
  options: MixedCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'mixedCrossEntropy';
  const { labelSmoothing, reduction } = {
    ...mixedCrossEntropyDefaults,
    ...checkOptions('mixedCrossEntropy', options, mixedCrossEntropyOptionNames),
  };
  checkTensor(where, 'logits', logits, ['n', 'classes']);
  checkTensor(where, 'labels', labels, [logits.shape[0]], ['int32']);
  checkMixing(where, labels, partners, lambda);
  const pair = bothLabelled(where, labels, partners);
  const first = smoothedCrossEntropy(where, logits, pair.labels, labelSmoothing);
  const second = smoothedCrossEntropy(where, logits, pair.partners, labelSmoothing);
  const losses = tf.add(tf.mul(first, lambda), tf.mul(second, tf.sub(1, lambda)));
  return reduceCounted(where, tf.mul(losses, pair.weight) as tf.Tensor1D, pair.weight, reduction as R);
}
