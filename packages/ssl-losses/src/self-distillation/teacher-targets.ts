import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkShare, stopGradient } from '@selfsup/ssl-tensor';
import { InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { Center, centerDefaults } from '../state/center.js';
import { checkTensor } from '../numerics/check.js';
import { balance, sinkhornDefaults } from './sinkhorn.js';
import { cool, type Temperature } from '../numerics/temperature.js';

/** What keeps a teacher from collapse: a moving centre, or Sinkhorn-Knopp balancing over the batch. */
export type Centering = Center | 'sinkhorn';

/** Options of the teacher in self-distillation. */
export interface TeacherOptions {
  /** Divisor of the teacher's outputs; a scalar tensor where it follows a schedule inside a compiled step. */
  readonly teacherTemperature?: Temperature;
  /** Share of the old centre that stays, in `[0, 1]`. */
  readonly centerMomentum?: number;
  /** Move the centre after it is used; off when the loss is only looked at. */
  readonly updateCenter?: boolean;
  /** Rounds of balancing with `'sinkhorn'`, 1 or more. */
  readonly sinkhornIterations?: number;
}

/** Names of {@link TeacherOptions}. */
export const teacherOptionNames: OptionNames<TeacherOptions> = {
  teacherTemperature: 'optional',
  centerMomentum: 'optionalNumber',
  updateCenter: 'optionalFlag',
  sinkhornIterations: 'optionalNumber',
};

/** Defaults of the teacher: the authors' code of DINO, arXiv 2104.14294, and of DINOv2, arXiv 2304.07193. */
export const teacherDefaults = {
  teacherTemperature: 0.04,
  centerMomentum: centerDefaults.momentum,
  updateCenter: true,
  sinkhornIterations: sinkhornDefaults.iterations,
} as const;

/**
 * The distributions that a student is to match: `softmax((x - center) / temperature)`, or `x / temperature` balanced over
 * the rows. The centre moves afterwards, as in the reference. No gradient flows into the teacher.
 *
 * @param outputs `[n, k]`
 * @returns `[n, k]`
 * @throws ShapeError when the centre has another size; InvalidOptionError for options
 */
export function teacherTargets(
  where: string,
  outputs: tf.Tensor2D,
  centering: Centering,
  given: TeacherOptions,
): tf.Tensor2D {
  const { teacherTemperature, centerMomentum, updateCenter, sinkhornIterations } = { ...teacherDefaults, ...given };
  const fixed = stopGradient(outputs);
  if (centering === 'sinkhorn') {
    checkCount(where, { sinkhornIterations });
    const logits = cool(where, 'teacherTemperature', fixed, teacherTemperature);
    return balance(logits, sinkhornIterations);
  }
  if (!(centering instanceof Center))
    throw new InvalidOptionError(where, 'centering', "a Center or 'sinkhorn'", centering);
  checkShare(where, { centerMomentum });
  const { center } = centering.buffers;
  checkTensor(where, 'centering.buffers.center', center, [outputs.shape[1]]);
  const centred = tf.sub(fixed, center) as tf.Tensor2D;
  const targets = tf.softmax(cool(where, 'teacherTemperature', centred, teacherTemperature));
  if (updateCenter) centering.update(fixed, centerMomentum);
  return targets;
}
