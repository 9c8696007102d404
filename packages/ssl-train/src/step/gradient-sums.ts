import * as tf from '@tensorflow/tfjs-core';
import { KeptVariables } from './kept-variables.js';
import type { Place } from './place.js';

/** Sums of gradients over the batches of one update, in variables that stay with the engine. */
export class GradientSums {
  readonly #accumulateSteps: number;
  /** By name of the parameter's variable. */
  readonly #sums = new KeptVariables<string>();
  /** Of the weights of an update's batches so far. */
  readonly #weightSum = new KeptVariables<'sum'>();

  constructor(accumulateSteps: number) {
    this.#accumulateSteps = accumulateSteps;
  }

  /** Adds a batch that is not its update's last. */
  add(gradients: tf.NamedTensorMap, weight: tf.Scalar | undefined, place: Place): void {
    for (const [name, gradient] of Object.entries(gradients)) {
      const sum = this.#sums.of(name, gradient);
      sum.assign(accumulated(place, sum, weighted(gradient, weight)));
    }
    if (weight === undefined) return;
    const sum = this.#weightSum.of('sum', weight);
    sum.assign(accumulated(place, sum, weight));
  }

  /** Mean over the update's batches, with its last or only one. */
  mean(gradients: tf.NamedTensorMap, weight: tf.Scalar | undefined, place: Place): tf.NamedTensorMap {
    if (place === 'only') return gradients;
    const share =
      weight === undefined
        ? 1 / this.#accumulateSteps
        : tf.div(1, accumulated(place, this.#weightSum.of('sum', weight), weight));
    return Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [
        name,
        tf.mul(accumulated(place, this.#sums.of(name, gradient), weighted(gradient, weight)), share),
      ]),
    );
  }

  dispose(): void {
    this.#sums.dispose();
    this.#weightSum.dispose();
  }
}

const accumulated = (place: Place, sum: tf.Variable, value: tf.Tensor): tf.Tensor =>
  place === 'first' ? tf.clone(value) : tf.add(sum, value);

function weighted(gradient: tf.Tensor, weight: tf.Scalar | undefined): tf.Tensor {
  if (weight === undefined) return gradient;
  // The gradient of a mean over nothing is no number, and counts nothing.
  return tf.where(tf.greater(weight, 0), tf.mul(gradient, weight), tf.zerosLike(gradient));
}
