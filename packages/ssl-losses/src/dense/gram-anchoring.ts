import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link gramAnchoring}. */
export interface GramAnchoringOptions<R extends Reduction = Reduction> {
  readonly reduction?: R;
}

const gramAnchoringOptionNames: OptionNames<GramAnchoringOptions> = { reduction: 'optional' };

/** Defaults of {@link gramAnchoring}. */
export const gramAnchoringDefaults = { reduction: 'mean' } as const;

/**
 * Anchoring of the relations between an image's patches: the mean over all pairs of patches of the squared difference of
 * their cosines, the student's and the teacher's. The features themselves may move.
 *
 * @param student `[batch, n, dim]`
 * @param teacher `[batch, n, teacherDim]`, the same places; no gradient flows into it
 * @returns scalar in `[0, 4]`, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Siméoni et al. 2025 (DINOv3, arXiv 2508.10104), section 4.2, whose squared Frobenius norm is `n^2` times it;
 * the mean is that of its code's `GramLoss` with `img_level`.
 *
 * @example
 * const loss = gramAnchoring(tf.randomNormal([2, 9, 4]), tf.randomNormal([2, 9, 4]));
 */
export function gramAnchoring<R extends Reduction = 'mean'>(
  student: tf.Tensor3D,
  teacher: tf.Tensor3D,
  options: GramAnchoringOptions<R> = {},
): Reduced<R> {
  const { reduction } = {
    ...gramAnchoringDefaults,
    ...checkOptions('gramAnchoring', options, gramAnchoringOptionNames),
  };
  checkTensor('gramAnchoring', 'student', student, ['batch', 'n', 'dim']);
  checkTensor('gramAnchoring', 'teacher', teacher, [student.shape[0], student.shape[1], 'teacherDim']);
  const difference = tf.squaredDifference(cosines(student), cosines(stopGradient(teacher)));
  return reduce('gramAnchoring', tf.mean(difference, [1, 2]) as tf.Tensor1D, reduction as R);
}

/** Of all pairs of an image's patches, `[batch, n, n]`. */
function cosines(x: tf.Tensor3D): tf.Tensor3D {
  const [batch, n, dim] = x.shape;
  const unit = tf.reshape(l2Normalize(tf.reshape(x, [batch * n, dim]) as tf.Tensor2D), x.shape);
  return tf.matMul(unit, unit, false, true);
}
