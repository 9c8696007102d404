import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkPositive, randomUniform, stopGradient, type TensorKey } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkMask } from '../numerics/check-mask.js';
import { checkTensor } from '../numerics/check.js';
import { takePlaces } from './take-places.js';

/** Options of {@link patchKernelAlignment}. */
export interface PatchKernelAlignmentOptions {
  /** Tokens to leave out, `[batch, n]`, 1 = left out. */
  readonly mask?: tf.Tensor2D;
  /** Compare at most so many tokens of an image, 2 or more, drawn by `key`; those that are not left out first. */
  readonly maxTokens?: number;
  /** Random key of the draw, int32 `[2]`; needed with `maxTokens` below the number of tokens. */
  readonly key?: TensorKey;
  /** Floor of the squared lengths of the kernels, positive: below it, an image counts as without structure. */
  readonly eps?: number;
}

const patchKernelAlignmentOptionNames: OptionNames<PatchKernelAlignmentOptions> = {
  mask: 'optional',
  maxTokens: 'optionalNumber',
  key: 'optional',
  eps: 'optionalNumber',
};

/** Defaults of {@link patchKernelAlignment}: lightly's `PatchKernelAlignmentLoss`. */
export const patchKernelAlignmentDefaults = { eps: 1e-6 } as const;

/**
 * Agreement of the relations between patches: the mean over images of `1 - CKA`, with
 * `CKA = <K_s, K_t> / (|K_s| |K_t|)` and `K = H z z^T H`, the centred linear kernel of an image's tokens.
 *
 * It does not change when the student's or the teacher's features are turned, moved or scaled. Products of kernels are
 * taken as `|z_s^T z_t|^2` where that is cheaper, without a matrix of all pairs of tokens.
 *
 * @param student `[batch, n, dim]`
 * @param teacher `[batch, n, teacherDim]`, the same places; no gradient flows into it
 * @returns scalar in `[0, 1]`; images with fewer than two tokens that count are left out; 0 when all are, as in
 *   lightly, where other losses over nothing are NaN
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: arXiv 2509.05606 (PaKa); Kornblith et al. 2019, arXiv 1905.00414. Equal to lightly's
 * `PatchKernelAlignmentLoss`, which wants both features of one width.
 *
 * @example
 * const loss = patchKernelAlignment(tf.randomNormal([2, 9, 4]), tf.randomNormal([2, 9, 8]));
 */
export function patchKernelAlignment(
  student: tf.Tensor3D,
  teacher: tf.Tensor3D,
  options: PatchKernelAlignmentOptions = {},
): tf.Scalar {
  const { mask, maxTokens, key, eps } = {
    ...patchKernelAlignmentDefaults,
    ...checkOptions('patchKernelAlignment', options, patchKernelAlignmentOptionNames),
  };
  checkTensor('patchKernelAlignment', 'student', student, ['batch', 'n', 'dim']);
  const [batch, n] = student.shape;
  checkTensor('patchKernelAlignment', 'teacher', teacher, [batch, n, 'teacherDim']);
  const masked = mask === undefined ? undefined : checkMask('patchKernelAlignment', 'mask', mask, [batch, n]);
  checkPositive('patchKernelAlignment', { eps });
  if (maxTokens !== undefined) checkCount('patchKernelAlignment', { maxTokens }, 2);

  let [a, b, valid] = [student, stopGradient(teacher), tf.ones([batch, n]) as tf.Tensor2D];
  if (masked !== undefined) valid = tf.sub(1, masked);
  if (maxTokens !== undefined && maxTokens < n) {
    if (key === undefined) throw new InvalidOptionError('patchKernelAlignment', 'key', 'a key for the draw', key);
    const drawn = tf.topk(tf.add(randomUniform(key, [batch, n]), valid) as tf.Tensor2D, maxTokens).indices;
    [a, b] = [takePlaces(a, drawn), takePlaces(b, drawn)];
    valid = tf.squeeze(takePlaces(tf.expandDims(valid, 2) as tf.Tensor3D, drawn), [2]);
  }

  const [s, t] = [centred(a, valid), centred(b, valid)];
  const length = (x: tf.Tensor3D): tf.Tensor => tf.sqrt(tf.maximum(alignment(x, x), eps));
  const losses = tf.sub(1, tf.div(alignment(s, t), tf.mul(length(s), length(t))));
  const counts = tf.cast(tf.greaterEqual(tf.sum(valid, 1), 2), 'float32');
  return tf.div(tf.sum(tf.mul(losses, counts)), tf.maximum(tf.sum(counts), 1));
}

/** Tokens less the mean of those that count, and 0 for the others. */
function centred(x: tf.Tensor3D, valid: tf.Tensor2D): tf.Tensor3D {
  const weights = tf.expandDims(valid, 2);
  const mean = tf.div(tf.sum(tf.mul(x, weights), 1, true), tf.maximum(tf.sum(weights, 1, true), 1));
  return tf.mul(tf.sub(x, mean), weights);
}

/** `<a a^T, b b^T> = |a^T b|^2` of each image, by whichever matrices are smaller: `[batch]`. */
function alignment(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor {
  const [, n, p] = a.shape;
  const q = b.shape[2];
  if (p * q <= n * (p + q)) return tf.sum(tf.square(tf.matMul(a, b, true)), [1, 2]);
  return tf.sum(tf.mul(tf.matMul(a, a, false, true), tf.matMul(b, b, false, true)), [1, 2]);
}
