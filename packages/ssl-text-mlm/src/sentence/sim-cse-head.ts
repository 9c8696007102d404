import * as tf from '@tensorflow/tfjs-core';
import { Linear, Module, normal, zeros } from '@selfsup/ssl-nn';
import { checkCount, checkOptions, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';

/** Options of {@link SimCseHead}. */
export interface SimCseHeadOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
}

const simCseHeadOptionNames: OptionNames<SimCseHeadOptions> = { key: 'requiredKey' };

/** SimCSE's head, `tanh(W x + b)` of the encoder's width; names of `MLPLayer` in simcse/models.py of princeton-nlp/SimCSE. */
export class SimCseHead extends Module {
  readonly dense: Linear;

  constructor(dim: number, options: SimCseHeadOptions) {
    super();
    const { key } = checkOptions('SimCseHead', options, simCseHeadOptionNames);
    checkCount('SimCseHead', { dim });
    this.dense = new Linear(dim, dim, { key, weightInit: normal(0.02), biasInit: zeros });
  }

  /** `[batch, dim]` to the same. */
  forward(features: tf.Tensor2D): tf.Tensor2D {
    return tf.tanh(this.dense.forward(features));
  }
}
