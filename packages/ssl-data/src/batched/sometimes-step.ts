import * as tf from '@tensorflow/tfjs-core';
import type { BatchedStep } from './batched-step.js';
import { perImage, spread } from './per-image.js';

/** An operation whose only draw is whether it is applied. */
export function sometimesStep(operation: (planes: tf.Tensor4D) => tf.Tensor4D): BatchedStep<boolean> {
  return {
    pack: (drawn) => ({ applied: perImage(drawn, (draw) => Number(draw?.applied ?? false)) }),
    apply: (planes, { applied }) => tf.where(tf.greater(spread(applied!), 0.5), operation(planes), planes),
  };
}
