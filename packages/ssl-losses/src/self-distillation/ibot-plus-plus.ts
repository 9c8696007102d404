import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { ibotDefaults, ibotOptionNames, type IbotOptions } from './ibot.js';
import { unlessNothing } from '../numerics/reduce-weighted.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { fixedTargetCrossEntropy } from '../transfer/fixed-target-cross-entropy.js';
import { teacherTargets, type Centering } from './teacher-targets.js';

/** Options of {@link ibotPlusPlus}. */
export interface IbotPlusPlusOptions<R extends Reduction = Reduction> extends IbotOptions {
  /** Which patches the student did not see, `[batch, n]`, 1 = masked. Without it, all count alike. */
  readonly mask?: tf.Tensor2D;
  /** Weight of the patches that it did see, 0 or more; 0 leaves iBOT's own loss. */
  readonly visibleLossWeight?: number;
  readonly reduction?: R;
}

const ibotPlusPlusOptionNames: OptionNames<IbotPlusPlusOptions> = {
  ...ibotOptionNames,
  mask: 'optional',
  visibleLossWeight: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link ibotPlusPlus}: lightly's `IBOTPlusPlusPatchLoss`, after TIPSv2, arXiv 2604.12012. */
export const ibotPlusPlusDefaults = { ...ibotDefaults, visibleLossWeight: 1, reduction: 'mean' } as const;

/**
 * Self-distillation of all patches: for each image, the mean of `H(P_t, softmax(s / studentTemperature))` over its masked
 * patches plus `visibleLossWeight` times that over the others; `P_t` as in {@link ibot}.
 *
 * All patches of a batch are a fixed number: with `visibleLossWeight` 0 it is {@link ibot} for masks of any size.
 *
 * @param teacher `[batch, n, k]`; no gradient flows into it
 * @param student `[batch, n, k]`
 * @param centering a {@link Center} of `k`, read and then moved by this batch, or `'sinkhorn'`
 * @returns scalar in nats, or `[batch]` with reduction `none`; a part of an image without patches counts as 0, and the loss
 *   is NaN where no patch of the batch has weight
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: TIPSv2, arXiv 2604.12012. Equal to lightly's `IBOTPlusPlusPatchLoss`.
 */
export function ibotPlusPlus<R extends Reduction = 'mean'>(
  teacher: tf.Tensor3D,
  student: tf.Tensor3D,
  centering: Centering,
  options: IbotPlusPlusOptions<R> = {},
): Reduced<R> {
  const given = checkOptions('ibotPlusPlus', options, ibotPlusPlusOptionNames);
  const { studentTemperature, mask, visibleLossWeight, reduction } = {
    ...ibotPlusPlusDefaults,
    ...given,
  };
  checkTensor('ibotPlusPlus', 'teacher', teacher, ['batch', 'n', 'k']);
  checkTensor('ibotPlusPlus', 'student', student, teacher.shape);
  const [batch, n, k] = teacher.shape;
  const masked = mask === undefined ? undefined : checkMask('ibotPlusPlus', 'mask', mask, [batch, n]);
  checkPositive('ibotPlusPlus', { studentTemperature });
  checkNonNegative('ibotPlusPlus', { visibleLossWeight });

  const rows = [batch * n, k] as [number, number];
  const targets = teacherTargets('ibotPlusPlus', tf.reshape(teacher, rows), centering, given);
  const losses = fixedTargetCrossEntropy(tf.mul(tf.reshape(student, rows), 1 / studentTemperature), targets);
  const byImage = tf.reshape(losses, [batch, n]);
  if (masked === undefined) return reduce('ibotPlusPlus', tf.mean(byImage, 1) as tf.Tensor1D, reduction as R);
  const meanOf = (part: tf.Tensor): tf.Tensor =>
    tf.div(tf.sum(tf.mul(byImage, part), 1), tf.maximum(tf.sum(part, 1), 1));
  const both = tf.add(meanOf(masked), tf.mul(meanOf(tf.sub(1, masked)), visibleLossWeight));
  const counted = tf.add(tf.sum(masked), visibleLossWeight === 0 ? 0 : tf.sum(tf.sub(1, masked)));
  return reduce('ibotPlusPlus', unlessNothing(both as tf.Tensor1D, counted), reduction as R);
}
