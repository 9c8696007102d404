import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { globalNorm } from './global-norm.js';
import type { GradientStage } from './gradient-stage.js';

/**
 * Logs the joint Euclidean norm of all gradients at its place among the stages, and leaves them as they are.
 * `clipByGlobalNorm` logs the norm before clipping under the same name; behind it, take another one.
 *
 * @param name of the metric, and of the stage: letters, digits, `_` and `-`
 * @throws InvalidOptionError for what is no such name
 *
 * @example
 * const gradientStages = [clipByGlobalNorm(1), gradientNorm('clippedNorm')];
 */
export function gradientNorm(name = 'gradientNorm'): GradientStage {
  if (typeof name !== 'string' || !/^[\w-]+$/.test(name))
    throw new InvalidOptionError('gradientNorm', 'name', 'letters, digits, _ and -', name);
  return {
    name,
    settings: {},
    apply: (gradients) => ({ gradients, metrics: { [name]: globalNorm(gradients) } }),
  };
}
