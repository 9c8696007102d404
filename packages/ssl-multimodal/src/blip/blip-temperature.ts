import type * as tf from '@tensorflow/tfjs-core';
import { constant, Module, Parameter } from '@selfsup/ssl-nn';

/** The divisor of similarities, a learnt number; its name is BLIP's. */
export class BlipTemperature extends Module {
  static override readonly fieldNames = { divisor: 'temp' };
  readonly divisor: Parameter;

  constructor(initial: number) {
    super();
    this.divisor = new Parameter(constant(initial)([], [0, 0]));
  }

  get value(): tf.Scalar {
    return this.divisor.variable as tf.Scalar;
  }
}
