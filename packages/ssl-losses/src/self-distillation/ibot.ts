import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { fixedTargetCrossEntropy } from '../transfer/fixed-target-cross-entropy.js';
import { unlessNothing } from '../numerics/reduce-weighted.js';
import {
  type Centering,
  teacherDefaults,
  teacherOptionNames,
  type TeacherOptions,
  teacherTargets,
} from './teacher-targets.js';

/** Options of {@link ibot}. */
export interface IbotOptions extends TeacherOptions {
  /** Divisor of the student's outputs, positive. */
  readonly studentTemperature?: number;
}

/** Names of {@link IbotOptions}. */
export const ibotOptionNames: OptionNames<IbotOptions> = {
  ...teacherOptionNames,
  studentTemperature: 'optionalNumber',
};

/** Defaults of {@link ibot}: lightly's `IBOTPatchLoss`, after the code of DINOv2, arXiv 2304.07193. */
export const ibotDefaults = { ...teacherDefaults, studentTemperature: 0.1 } as const;

/**
 * Self-distillation of masked patches: the mean over images of the mean over their masked patches of
 * `H(P_t, softmax(s / studentTemperature))`, with `P_t = softmax((t - center) / teacherTemperature)`.
 *
 * @param teacher outputs for the masked patches, which the teacher saw, `[m, k]`; no gradient flows into them
 * @param student outputs for the same patches, which it did not see, `[m, k]`
 * @param mask which patches they are, `[batch, ...]`, 1 = masked; rows of the outputs are its ones in
 *   row-major order. As many ones as rows; not checked, they are only known while a step runs
 * @param centering a {@link Center} of `k` of its own, read and then moved by this batch, or `'sinkhorn'`
 * @returns scalar in nats; images without masked patches count as 0, and NaN where no patch is masked at all
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Zhou et al. 2021, arXiv 2111.07832; weights of DINOv2. Equal to lightly's `IBOTPatchLoss`.
 */
export function ibot(
  teacher: tf.Tensor2D,
  student: tf.Tensor2D,
  mask: tf.Tensor,
  centering: Centering,
  options: IbotOptions = {},
): tf.Scalar {
  const given = checkOptions('ibot', options, ibotOptionNames);
  const { studentTemperature } = { ...ibotDefaults, ...given };
  checkTensor('ibot', 'teacher', teacher, ['m', 'k']);
  checkTensor('ibot', 'student', student, teacher.shape);
  const ones = checkMask('ibot', 'mask', mask, mask.rank < 2 ? ['batch', 'patches'] : mask.shape);
  const [rows] = teacher.shape;
  if (rows === 0 || rows > mask.size)
    throw new ShapeError('ibot', 'teacher', `1 to ${mask.size} masked patches`, `${rows}`);
  checkPositive('ibot', { studentTemperature });

  const targets = teacherTargets('ibot', teacher, centering, given);
  const losses = fixedTargetCrossEntropy(tf.mul(student, 1 / studentTemperature), targets);
  return unlessNothing(tf.sum(tf.mul(losses, maskedWeights(ones, rows))) as tf.Scalar, tf.sum(ones));
}

/** For each one of the mask, in row-major order: `1 / (batch * ones of its image)`; 0 for rows beyond the ones. */
function maskedWeights(mask: tf.Tensor, rows: number): tf.Tensor {
  const batch = mask.shape[0]!;
  const ones = tf.reshape(mask, [batch, -1]);
  const weights = tf.div(ones, tf.mul(tf.maximum(tf.sum(ones, 1, true), 1), batch));
  // Falling keys put the ones first and in order.
  const keys = tf.mul(tf.reshape(ones, [-1]), tf.range(mask.size, 0, -1));
  return tf.gather(tf.reshape(weights, [-1]), tf.topk(keys, rows).indices);
}
