import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-core';

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Sharpness, above 0. Default 1. */
  readonly beta?: number;
}

const softplusOptionNames: OptionNames<SoftplusOptions> = {
  beta: 'optionalNumber',
};

/**
 * Smooth maximum of x and 0: `log(1 + exp(beta * x)) / beta`. Value and gradient keep their digits from minus to plus
 * infinity; where the value is x to float32's precision it is x, so that it needs no threshold, which torch has.
 *
 * The gradient is the logistic function of beta x as `exp(-softplus(-beta * x))`: runtimes round the logistic function
 * itself to a multiple of 1e-8 or so, which loses all digits below -18.
 *
 * @param x float32, any shape
 * @returns same shape
 * @throws InvalidOptionError when `beta` is not a finite number above 0
 * Source: defined as `torch.nn.functional.softplus`; Dugas et al. 2001, 'Incorporating second-order functional knowledge
 * for better option pricing'.
 */
export function softplus<T extends tf.Tensor>(x: T, options: SoftplusOptions = {}): T {
  checkIsTensor('softplus', 'x', x);
  const { beta = 1 } = checkOptions('softplus', options, softplusOptionNames);
  checkPositive('softplus', { beta });
  const sharpened = beta === 1 ? x : tf.mul(x, beta);
  const op = tf.customGrad((input: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const source = input as tf.Tensor;
    (save as tf.GradSaveFunc)([source]);
    const gradFunc = (dy: tf.Tensor, [at]: tf.Tensor[]): tf.Tensor => tf.mul(dy, tf.exp(tf.neg(softplus(tf.neg(at!)))));
    return { value: tf.softplus(source), gradFunc };
  });
  const y = op(sharpened);
  return (beta === 1 ? y : tf.div(y, beta)) as T;
}
