import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { countedBits } from '../text/counted-bits.js';
import { reduceElements, type ElementReduction } from '../numerics/reduce-elements.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions<R extends Reduction = Reduction> {
  /** What the prediction is: scores before the sigmoid, or probabilities in `[0, 1]`. */
  readonly from?: 'logits' | 'probabilities';
  /** Weight of the positive part of every target. */
  readonly positiveWeight?: number;
  /** A sample's loss is the mean or the sum over its elements. */
  readonly elements?: ElementReduction;
  readonly reduction?: R;
}

const binaryCrossEntropyOptionNames: OptionNames<BinaryCrossEntropyOptions> = {
  from: 'optional',
  positiveWeight: 'optionalNumber',
  elements: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link binaryCrossEntropy}: those of `torch.nn.functional.binary_cross_entropy_with_logits`. */
export const binaryCrossEntropyDefaults = {
  from: 'logits',
  positiveWeight: 1,
  elements: 'mean',
  reduction: 'mean',
} as const;

/**
 * Cross-entropy of independent bits, such as an autoencoder's pixels in `[0, 1]`:
 * `-(w t log p + (1 - t) log(1 - p))`, from logits as `(1 - t) x + (1 + (w - 1) t) softplus(-x)`.
 *
 * @param prediction `[batch, ...]`
 * @param target same shape, in `[0, 1]`; -1 (or -100) = no label, the bit does not count; NaN for any other
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Vincent et al. 2010, Stacked Denoising Autoencoders, JMLR 11. From probabilities the logarithms
 * stop at -100 and the slope at 1e12, as in PyTorch.
 */
export function binaryCrossEntropy<R extends Reduction = 'mean'>(
  prediction: tf.Tensor,
  target: tf.Tensor,
  options: BinaryCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'binaryCrossEntropy';
  const { from, positiveWeight, elements, reduction } = {
    ...binaryCrossEntropyDefaults,
    ...checkOptions('binaryCrossEntropy', options, binaryCrossEntropyOptionNames),
  };
  checkTensors(where, { prediction });
  checkTensor(where, 'prediction', prediction, prediction.shape);
  checkTensor(where, 'target', target, prediction.shape);
  checkChoice(where, 'from', from, ['logits', 'probabilities']);
  checkPositive(where, { positiveWeight });
  const { known, weight } = countedBits(target);
  const losses =
    from === 'logits'
      ? bitCrossEntropy(prediction, known, positiveWeight)
      : fromProbabilities(prediction, known, positiveWeight);
  return reduceElements(where, losses, elements, reduction as R, weight);
}

/** Cross-entropy of each bit from its logit. */
export function bitCrossEntropy(logits: tf.Tensor, targets: tf.Tensor, positiveWeight = 1): tf.Tensor {
  const tail = tf.softplus(tf.neg(logits));
  const weighted = positiveWeight === 1 ? tail : tf.mul(tail, tf.add(tf.mul(targets, positiveWeight - 1), 1));
  return tf.add(tf.mul(tf.sub(1, targets), logits), weighted);
}

function fromProbabilities(probabilities: tf.Tensor, targets: tf.Tensor, positiveWeight: number): tf.Tensor {
  const log = (x: tf.Tensor): tf.Tensor => tf.maximum(tf.log(x), -100);
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [p, t, save] = args as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([p, t]);
    const positive = tf.mul(tf.mul(t, positiveWeight), log(p));
    const value = tf.neg(tf.add(positive, tf.mul(tf.sub(1, t), log(tf.sub(1, p)))));
    // TF.js's own gradient of a logarithm that is cut off is 0 / 0 at p = 0.
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [q, s] = saved as [tf.Tensor, tf.Tensor];
      const [miss, rest] = [tf.sub(1, q), tf.sub(1, s)];
      const slope = tf.sub(tf.mul(q, rest), tf.mul(tf.mul(s, positiveWeight), miss));
      const ofPrediction = tf.div(slope, tf.maximum(tf.mul(q, miss), 1e-12));
      const ofTarget = tf.sub(log(miss), tf.mul(log(q), positiveWeight));
      return [tf.mul(dy, ofPrediction), tf.mul(dy, ofTarget)];
    };
    return { value, gradFunc };
  });
  return op(probabilities, targets);
}
