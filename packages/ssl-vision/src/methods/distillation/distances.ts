import * as tf from '@tensorflow/tfjs-core';
import { featureDistillation } from '@selfsup/ssl-losses';

/** Names of the distances of a student's features from a teacher's. */
export const distanceNames = ['cosine', 'mse', 'smoothL1', 'cosineSmoothL1'] as const;

/**
 * How far a student's features are from a teacher's. `cosine`: 1 less the cosine. `mse`, `smoothL1`: means over all
 * numbers. `cosineSmoothL1`: 0.9 and 0.1 of them, AM-RADIO's (arXiv 2312.06709).
 */
export type Distance = (typeof distanceNames)[number];

/**
 * @param student `[rows, dim]`
 * @param teacher `[rows, dim]`; no gradient flows into it
 */
export function distanceOf(student: tf.Tensor2D, teacher: tf.Tensor2D, distance: Distance): tf.Scalar {
  if (distance !== 'cosineSmoothL1') return featureDistillation(student, teacher, { distance });
  const [cosine, smooth] = (['cosine', 'smoothL1'] as const).map((one) =>
    featureDistillation(student, teacher, { distance: one }),
  );
  return tf.add(tf.mul(cosine!, 0.9), tf.mul(smooth!, 0.1));
}
