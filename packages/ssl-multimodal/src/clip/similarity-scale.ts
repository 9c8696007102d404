import { Module, Parameter } from '@selfsup/ssl-nn';
import type * as tf from '@tensorflow/tfjs-core';

/** What similarities are multiplied by, and with SigLIP what is added: learnt numbers. Names as Hugging Face's. */
export class SimilarityScale extends Module {
  static override readonly fieldNames = { logScale: 'logit_scale', bias: 'logit_bias' };
  readonly logScale: Parameter;
  readonly bias?: Parameter;

  /** @param bias left out: none */
  constructor(temperature: number, bias?: number) {
    super();
    this.logScale = scalar(-Math.log(temperature));
    if (bias !== undefined) this.bias = scalar(bias);
  }

  /** Logarithm of the inverse temperature. */
  get log(): tf.Scalar {
    return this.logScale.variable as tf.Scalar;
  }
}

const scalar = (value: number): Parameter => new Parameter({ data: Float32Array.of(value), shape: [] });
