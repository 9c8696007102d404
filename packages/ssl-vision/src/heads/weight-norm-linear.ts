import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/ssl-losses';
import { Buffer, type ForwardContext, Module, ones, Parameter, torchWeight } from '@selfsup/ssl-nn';
import { checkCount, foldIn, type RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link WeightNormLinear}. */
export interface WeightNormLinearOptions {
  readonly key: RandomKey;
  /** Train the magnitudes too, and not the directions alone. Default false: they stay 1. */
  readonly learnMagnitude?: boolean;
}

const weightNormLinearOptionNames: OptionNames<WeightNormLinearOptions> = {
  key: 'requiredKey',
  learnMagnitude: 'optionalFlag',
};

/**
 * A linear layer without bias whose rows of weights have a direction and a magnitude of their own:
 * `y_j = g_j <x, v_j / |v_j|>`. State dict as `torch.nn.utils.weight_norm`'s, `weight_g` `[out, 1]` and `weight_v`
 * `[out, in]`; the magnitudes start as 1.
 *
 * Source: Salimans and Kingma 2016 (arXiv 1602.07868), equation 2; last layer of `DINOHead` of facebookresearch/dino.
 */
export class WeightNormLinear extends Module {
  static override readonly fieldNames = { magnitude: 'weight_g', direction: 'weight_v' };
  /** `[out, 1]`; a buffer where it is not trained. */
  readonly magnitude: Parameter | Buffer;
  /** `[out, in]` */
  readonly direction: Parameter;

  /** @throws InvalidOptionError for a count that is not a positive integer */
  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: WeightNormLinearOptions,
  ) {
    super();
    const { key, learnMagnitude = false } = checkOptions('WeightNormLinear', options, weightNormLinearOptionNames);
    checkCount('WeightNormLinear', { inFeatures, outFeatures });
    const magnitudes = ones([outFeatures, 1], [0, 0]);
    this.magnitude = learnMagnitude ? new Parameter(magnitudes) : new Buffer(magnitudes);
    const { data } = torchWeight([inFeatures, outFeatures], foldIn(key, 'weight'));
    this.direction = new Parameter({ data, shape: [outFeatures, inFeatures] });
  }

  /**
   * @param x `[rows, in]`
   * @returns `[rows, out]`
   */
  forward(x: tf.Tensor2D, _ctx?: ForwardContext): tf.Tensor2D {
    const unit = l2Normalize(this.direction.variable as tf.Tensor as tf.Tensor2D);
    return tf.matMul(x, tf.mul(unit, this.magnitude.variable) as tf.Tensor2D, false, true);
  }
}
