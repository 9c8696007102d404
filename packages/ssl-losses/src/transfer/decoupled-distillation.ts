import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkPositive, sparseSoftmaxCrossEntropy, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels } from './counted-labels.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { oneHot } from './one-hot.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { softDivergence } from '../self-distillation/soft-divergence.js';

/** Options of {@link decoupledDistillation}. */
export interface DecoupledDistillationOptions<R extends Reduction = Reduction> {
  /** Weight of what the teacher says about the true class. */
  readonly alpha?: number;
  /** Weight of what it says about the other classes. */
  readonly beta?: number;
  /** Divisor of both logits, positive. */
  readonly temperature?: number;
  readonly reduction?: R;
}

const decoupledDistillationOptionNames: OptionNames<DecoupledDistillationOptions> = {
  alpha: 'optionalNumber',
  beta: 'optionalNumber',
  temperature: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link decoupledDistillation}: arXiv 2203.08679 (CIFAR-100), alpha 1, beta 8, T 4. */
export const decoupledDistillationDefaults = { alpha: 1, beta: 8, temperature: 4, reduction: 'mean' } as const;

/** Subtracted from the true class's score, so that softmax leaves it out. */
const excluded = 1e9;

/**
 * Distillation in two parts, true class against the rest and the rest among themselves:
 * `T^2 (alpha KL(b_t || b_s) + beta KL(p_t without y || p_s without y))`, where `b` is the pair of the probabilities of
 * `y` and of all other classes. No gradient flows into the teacher.
 *
 * @param student logits `[n, classes]`, two classes or more
 * @param teacher logits `[n, classes]`
 * @param labels true classes, int32 `[n]`; rows of -1, the product's 'no label' (or -100), do not count
 * @returns scalar in nats, or `[n]` with reduction `none`, 0 for rows that do not count; NaN, also the gradient, for any
 *   other label outside the classes and where no row counts
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Zhao et al. 2022 (DKD), arXiv 2203.08679; as mdistiller/distillers/DKD.py of megvii-research/mdistiller.
 */
export function decoupledDistillation<R extends Reduction = 'mean'>(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: DecoupledDistillationOptions<R> = {},
): Reduced<R> {
  const where = 'decoupledDistillation';
  const { alpha, beta, temperature, reduction } = {
    ...decoupledDistillationDefaults,
    ...checkOptions('decoupledDistillation', options, decoupledDistillationOptionNames),
  };
  checkTensor(where, 'student', student, ['n', 'classes']);
  checkTensor(where, 'teacher', teacher, student.shape);
  checkTensor(where, 'labels', labels, [student.shape[0]], ['int32']);
  checkPositive(where, { temperature });
  checkNonNegative(where, { alpha, beta });

  const { known, weight } = countedLabels(where, labels);
  const away = tf.mul(oneHot(known, student.shape[1]), -excluded);
  const parts = (logits: tf.Tensor2D): { scores: tf.Tensor2D; target: tf.Tensor; rest: tf.Tensor } => {
    const cold = tf.mul(logits, 1 / temperature) as tf.Tensor2D;
    const scores = tf.add(cold, away) as tf.Tensor2D;
    const target = tf.neg(sparseSoftmaxCrossEntropy(cold, known));
    return { scores, target, rest: tf.sub(logSumExpRows(scores), logSumExpRows(cold)) };
  };
  const [s, t] = [parts(student), parts(stopGradient(teacher))];
  const share = (wanted: tf.Tensor, given: tf.Tensor): tf.Tensor => tf.mul(tf.exp(wanted), tf.sub(wanted, given));
  const targetPart = tf.add(share(t.target, s.target), share(t.rest, s.rest));
  const otherPart = softDivergence(s.scores, t.scores, 1);
  const loss = tf.mul(tf.add(tf.mul(targetPart, alpha), tf.mul(otherPart, beta)), temperature ** 2);
  return reduceCounted(where, tf.mul(loss, weight) as tf.Tensor1D, weight, reduction as R);
}
