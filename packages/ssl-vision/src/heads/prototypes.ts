import type * as tf from '@tensorflow/tfjs-core';
import { Module, Parameter, torchWeight } from '@selfsup/ssl-nn';
import { checkCount, foldIn, type RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link Prototypes}. */
export interface PrototypesOptions {
  readonly key: RandomKey;
}

const prototypesOptionNames: OptionNames<PrototypesOptions> = { key: 'requiredKey' };

/** Learnt directions that features are compared with, as a loss takes them: `weight`, `[count, dim]`. */
export class Prototypes extends Module {
  readonly weight: Parameter;

  /** @throws InvalidOptionError for a count that is not a positive integer */
  constructor(count: number, dim: number, options: PrototypesOptions) {
    super();
    const { key } = checkOptions('Prototypes', options, prototypesOptionNames);
    checkCount('Prototypes', { count, dim });
    const { data } = torchWeight([dim, count], foldIn(key, 'weight'));
    this.weight = new Parameter({ data, shape: [count, dim] });
  }

  /** `[count, dim]` */
  get vectors(): tf.Tensor2D {
    return this.weight.variable as tf.Tensor as tf.Tensor2D;
  }
}
