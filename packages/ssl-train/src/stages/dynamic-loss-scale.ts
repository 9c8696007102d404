import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import { globalNorm } from './global-norm.js';
import type { GradientStage } from './gradient-stage.js';

/** Options of {@link dynamicLossScale}. */
export interface DynamicLossScaleOptions {
  /** The scale at first. */
  readonly initial?: number;
  /** The scale is multiplied by this after so many good updates in a row; > 1. */
  readonly growth?: number;
  /** The scale is multiplied by this after a skipped update, in (0, 1). */
  readonly backoff?: number;
  /** Good updates in a row after which it grows. */
  readonly growthInterval?: number;
}

const dynamicLossScaleOptionNames: OptionNames<DynamicLossScaleOptions> = {
  initial: 'optionalNumber',
  growth: 'optionalNumber',
  backoff: 'optionalNumber',
  growthInterval: 'optionalNumber',
};

/** Defaults of `torch.amp.GradScaler`. */
export const dynamicLossScaleDefaults = { initial: 2 ** 16, growth: 2, backoff: 0.5, growthInterval: 2000 } as const;

/**
 * Loss scaling for gradients of small range: the gradient is taken of `scale * loss` and divided by the scale again; an
 * update with a gradient that is not finite is skipped and makes the scale smaller. Put it before stages that look at
 * the gradients' size, such as clipping. Logs `lossScale` and, by the Trainer, `skipped`.
 *
 * Source: Micikevicius et al. 2018, arXiv 1710.03740, section 3.2; `torch.amp.GradScaler`.
 *
 * @throws InvalidOptionError for options out of range
 */
export function dynamicLossScale(options: DynamicLossScaleOptions = {}): GradientStage {
  const where = 'dynamicLossScale';
  const { initial, growth, backoff, growthInterval } = {
    ...dynamicLossScaleDefaults,
    ...checkOptions(where, options, dynamicLossScaleOptionNames),
  };
  if (!(initial > 0) || !Number.isFinite(initial))
    throw new InvalidOptionError(where, 'initial', 'a finite number > 0', initial);
  if (!(growth > 1) || !Number.isFinite(growth))
    throw new InvalidOptionError(where, 'growth', 'a finite number > 1', growth);
  checkNumber(where, 'backoff', backoff, 0, 1);
  if (backoff === 0 || backoff === 1) throw new InvalidOptionError(where, 'backoff', 'between 0 and 1', backoff);
  checkInteger(where, 'growthInterval', growthInterval, 1);
  const buffers = tf.tidy(() => ({
    scale: tf.variable(tf.scalar(initial), false),
    goodUpdates: tf.variable(tf.scalar(0), false),
  }));
  return {
    name: where,
    settings: { initial, growth, backoff, growthInterval },
    state: { buffers },
    maySkip: true,
    scaleLoss: (loss) => tf.mul(loss, buffers.scale),
    apply: (gradients) => {
      const scale = tf.clone(buffers.scale) as tf.Scalar;
      const unscaled = Object.fromEntries(
        Object.entries(gradients).map(([name, gradient]) => [name, tf.div(gradient, scale)]),
      );
      const skip = tf.logicalNot(tf.isFinite(globalNorm(unscaled))) as tf.Scalar;
      const good = tf.where(skip, 0, tf.add(buffers.goodUpdates, 1));
      const grows = tf.greaterEqual(good, growthInterval);
      // Larger than float32 can hold it would never come back.
      const grown = tf.mul(scale, growth);
      const next = tf.where(tf.logicalAnd(grows, tf.isFinite(grown)), grown, scale);
      buffers.scale.assign(tf.where(skip, tf.mul(scale, backoff), next) as tf.Scalar);
      buffers.goodUpdates.assign(tf.where(grows, 0, good) as tf.Scalar);
      return { gradients: unscaled, metrics: { lossScale: scale }, skip };
    },
  };
}
