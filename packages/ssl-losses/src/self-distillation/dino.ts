import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensorLists } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { fixedTargetCrossEntropy } from '../transfer/fixed-target-cross-entropy.js';
import {
  type Centering,
  teacherDefaults,
  teacherOptionNames,
  type TeacherOptions,
  teacherTargets,
} from './teacher-targets.js';

/** Options of {@link dino}. */
export interface DinoOptions<R extends Reduction = Reduction> extends TeacherOptions {
  /** Divisor of the student's outputs, positive. */
  readonly studentTemperature?: number;
  readonly reduction?: R;
}

const dinoOptionNames: OptionNames<DinoOptions> = {
  ...teacherOptionNames,
  studentTemperature: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link dino}: arXiv 2104.14294, and the authors' code. */
export const dinoDefaults = { ...teacherDefaults, studentTemperature: 0.1, reduction: 'mean' } as const;

/**
 * Self-distillation over crops: the mean of `H(P_t, softmax(s / studentTemperature))` over all pairs of a teacher's view
 * and another view of the student, with `P_t = softmax((t - center) / teacherTemperature)`.
 *
 * @param teacher outputs of the global views, each `[batch, k]`; no gradient flows into them
 * @param student outputs of all views, each `[batch, k]`, those that the teacher saw first and in its order
 * @param centering a {@link Center} of `k`, read and then moved by this batch, or `'sinkhorn'` to balance the teacher's
 *   outputs over all its views, as DINOv2 does
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match or no pair is left; InvalidOptionError for options
 * Source: Caron et al. 2021, arXiv 2104.14294, equations 2 to 4 and algorithm 1; main_dino.py of
 * facebookresearch/dino. Equal to lightly's `DINOLoss`.
 *
 * @example
 * const view = () => tf.randomNormal<tf.Rank.R2>([8, 32]);
 * const loss = dino([view(), view()], [view(), view(), view()], new Center(32));
 */
export function dino<R extends Reduction = 'mean'>(
  teacher: readonly tf.Tensor2D[],
  student: readonly tf.Tensor2D[],
  centering: Centering,
  options: DinoOptions<R> = {},
): Reduced<R> {
  const given = checkOptions('dino', options, dinoOptionNames);
  const { studentTemperature, reduction } = { ...dinoDefaults, ...given };
  checkTensorLists('dino', { teacher, student });
  const pairs = teacher.length * student.length - Math.min(teacher.length, student.length);
  const [first] = teacher;
  if (first === undefined || pairs === 0)
    throw new ShapeError(
      'dino',
      'student',
      'views that leave a pair of different ones',
      `${teacher.length} of the teacher and ${student.length} of the student`,
    );
  checkTensor('dino', 'teacher[0]', first, ['batch', 'k']);
  teacher.forEach((view, index) => checkTensor('dino', `teacher[${index}]`, view, first.shape));
  student.forEach((view, index) => checkTensor('dino', `student[${index}]`, view, first.shape));
  checkPositive('dino', { studentTemperature });

  const stacked = teacherTargets('dino', tf.concat([...teacher], 0), centering, given);
  const targets = tf.split<tf.Tensor2D>(stacked, teacher.length, 0);
  const all = sum(targets);
  // Cross-entropy is linear in its target: one per view of the student, against the sum of the views it is paired with.
  const losses = student.flatMap((view, index) => {
    const others = index < targets.length ? targets.filter((_, other) => other !== index) : targets;
    if (others.length === 0) return [];
    const target = others.length === targets.length ? all : sum(others);
    return [fixedTargetCrossEntropy(tf.mul(view, 1 / studentTemperature) as tf.Tensor2D, target)];
  });
  return reduce('dino', tf.mul(sum(losses), 1 / pairs) as tf.Tensor1D, reduction as R);
}

const sum = <T extends tf.Tensor>(terms: readonly T[]): T => (terms.length === 1 ? terms[0]! : tf.addN([...terms]));
