import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { softCrossEntropy } from './soft-target-cross-entropy.js';

/** Options of {@link seedDistillation}. */
export interface SeedDistillationOptions<R extends Reduction = Reduction> {
  /** Divisor of the student's similarities, positive. */
  readonly studentTemperature?: number;
  /** Divisor of the teacher's similarities, positive. */
  readonly teacherTemperature?: number;
  /** Scale all rows to length 1 first. */
  readonly normalize?: boolean;
  readonly reduction?: R;
}

const seedDistillationOptionNames: OptionNames<SeedDistillationOptions> = {
  studentTemperature: 'optionalNumber',
  teacherTemperature: 'optionalNumber',
  normalize: 'optionalFlag',
  reduction: 'optional',
};

/** Defaults of {@link seedDistillation}: arXiv 2101.04731, 0.2 and 0.01. */
export const seedDistillationDefaults = {
  studentTemperature: 0.2,
  teacherTemperature: 0.01,
  normalize: true,
  reduction: 'mean',
} as const;

/**
 * The student's similarities to a queue of features, and to the teacher's feature of the same image, follow the teacher's:
 * `-sum_k softmax(t_i . d_k / T_t) log softmax(s_i . d_k / T_s)` with `d = (t_i, queue)`. No gradient flows into the
 * teacher or the queue.
 *
 * @param student `[batch, dim]`
 * @param teacher `[batch, dim]`, row `i` from the image of row `i` of `student`
 * @param queue the teacher's features of earlier images, `[k, dim]`
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Fang et al. 2021 (SEED), arXiv 2101.04731; each image with its own teacher's feature beside the queue, as in
 * seed/builder.py of jacobswan1/SEED.
 */
export function seedDistillation<R extends Reduction = 'mean'>(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  queue: tf.Tensor2D,
  options: SeedDistillationOptions<R> = {},
): Reduced<R> {
  const where = 'seedDistillation';
  const { studentTemperature, teacherTemperature, normalize, reduction } = {
    ...seedDistillationDefaults,
    ...checkOptions('seedDistillation', options, seedDistillationOptionNames),
  };
  checkTensor(where, 'student', student, ['batch', 'dim']);
  checkTensor(where, 'teacher', teacher, student.shape);
  checkTensor(where, 'queue', queue, ['k', student.shape[1]]);
  checkPositive(where, { studentTemperature, teacherTemperature });

  const unit = (x: tf.Tensor2D): tf.Tensor2D => (normalize ? l2Normalize(x) : x);
  const [own, target, bank] = [unit(student), unit(stopGradient(teacher)), unit(stopGradient(queue))];
  const similarities = (x: tf.Tensor2D, temperature: number): tf.Tensor2D => {
    const self = tf.sum(tf.mul(x, target), 1, true) as tf.Tensor2D;
    return tf.mul(tf.concat([self, tf.matMul(x, bank, false, true)], 1), 1 / temperature);
  };
  const wanted = tf.softmax(similarities(target, teacherTemperature));
  return reduce(where, softCrossEntropy(similarities(own, studentTemperature), wanted), reduction as R);
}
