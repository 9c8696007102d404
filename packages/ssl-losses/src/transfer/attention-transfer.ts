import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { reduceElements } from '../numerics/reduce-elements.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { unitRange } from '../reconstruction/unit-range.js';

/** Options of {@link attentionTransfer}. */
export interface AttentionTransferOptions<R extends Reduction = Reduction> {
  /** Exponent of the activations, 1 or more. */
  readonly power?: number;
  readonly reduction?: R;
}

const attentionTransferOptionNames: OptionNames<AttentionTransferOptions> = {
  power: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link attentionTransfer}: sums of squares, arXiv 1612.03928. */
export const attentionTransferDefaults = { power: 2, reduction: 'mean' } as const;

/**
 * The student's map of where activations are large follows the teacher's: `mean_p (q_s - q_t)_p^2`, where `q` is
 * `mean_c |a_c|^power` over places, scaled to length 1. No gradient flows into the teacher.
 *
 * @param student `[batch, height, width, channels]`
 * @param teacher `[batch, height, width, channels of the teacher]`
 * @returns scalar, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Zagoruyko and Komodakis 2016, arXiv 1612.03928; the mean of squares as in utils.py of szagoruyko/attention-transfer.
 */
export function attentionTransfer<R extends Reduction = 'mean'>(
  student: tf.Tensor4D,
  teacher: tf.Tensor4D,
  options: AttentionTransferOptions<R> = {},
): Reduced<R> {
  const where = 'attentionTransfer';
  const { power, reduction } = {
    ...attentionTransferDefaults,
    ...checkOptions('attentionTransfer', options, attentionTransferOptionNames),
  };
  checkTensor(where, 'student', student, ['batch', 'height', 'width', 'channels']);
  checkTensor(where, 'teacher', teacher, [...student.shape.slice(0, 3), 'channels']);
  if (!(power >= 1 && Number.isFinite(power)))
    throw new InvalidOptionError(where, 'power', 'finite and 1 or more', power);
  const map = (x: tf.Tensor4D): tf.Tensor2D => {
    const scaled = unitRange(x);
    const raised = power === 2 ? tf.square(scaled) : tf.pow(tf.abs(scaled), power);
    return l2Normalize(tf.reshape(tf.mean(raised, 3), [x.shape[0], -1]));
  };
  return reduceElements(where, tf.squaredDifference(map(student), map(stopGradient(teacher))), 'mean', reduction as R);
}
