import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { globalNorm } from './global-norm.js';
import type { GradientStage } from './gradient-stage.js';

/**
 * Scales all gradients by one factor so that their joint Euclidean norm is at most `maxNorm`:
 * `g * min(1, maxNorm / (norm + 1e-6))`. Logs the norm before as `gradientNorm`.
 *
 * Source: Pascanu et al. 2012, arXiv 1211.5063; `torch.nn.utils.clip_grad_norm_`.
 *
 * @param maxNorm greater than 0
 * @throws InvalidOptionError when `maxNorm` is not greater than 0
 */
export function clipByGlobalNorm(maxNorm: number): GradientStage {
  if (typeof maxNorm !== 'number' || !(maxNorm > 0))
    throw new InvalidOptionError('clipByGlobalNorm', 'maxNorm', 'a number > 0', maxNorm);
  return {
    name: 'clipByGlobalNorm',
    settings: { maxNorm },
    apply: (gradients) => {
      const norm = globalNorm(gradients);
      const factor = tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
      return {
        gradients: Object.fromEntries(
          Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, factor)]),
        ),
        metrics: { gradientNorm: norm },
      };
    },
  };
}
