import * as tf from '@tensorflow/tfjs-core';
import { globalNorm } from './global-norm.js';
import type { GradientStage } from './gradient-stage.js';

/**
 * Skips an update whose gradient is not finite: all variables keep their values, the skip is counted (`skipped`). A loss
 * that is not finite still ends the run.
 */
export function skipNonFinite(): GradientStage {
  return {
    name: 'skipNonFinite',
    settings: {},
    maySkip: true,
    apply: (gradients) => ({ gradients, skip: tf.logicalNot(tf.isFinite(globalNorm(gradients))) as tf.Scalar }),
  };
}
