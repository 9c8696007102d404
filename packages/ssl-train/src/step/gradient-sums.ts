import * as tf from '@tensorflow/tfjs-core';
import type { Place } from './place.js';

/** Sums of gradients over the batches of one update, in variables that stay with the engine. */
export class GradientSums {
  readonly #accumulateSteps: number;
  /** By name of the parameter's variable; made when first needed. */
  readonly #sums = new Map<string, tf.Variable>();
  /** Sum of the weights of an update's batches so far. */
  #weightSum: tf.Variable | undefined;

  constructor(accumulateSteps: number) {
    this.#accumulateSteps = accumulateSteps;
  }

  /** Adds a batch that is not its update's last. */
  add(gradients: tf.NamedTensorMap, weight: tf.Scalar | undefined, place: Place): void {
    for (const [name, gradient] of Object.entries(gradients)) {
      const sum = this.#sumOf(name, gradient);
      sum.assign(accumulated(place, sum, weighted(gradient, weight)));
    }
    if (weight === undefined) return;
    this.#weightSum ??= zeroVariable([]);
    this.#weightSum.assign(accumulated(place, this.#weightSum, weight));
  }

  /** Mean over the update's batches, with its last or only one. */
  mean(gradients: tf.NamedTensorMap, weight: tf.Scalar | undefined, place: Place): tf.NamedTensorMap {
    if (place === 'only') return gradients;
    const share =
      weight === undefined
        ? 1 / this.#accumulateSteps
        : tf.div(1, accumulated(place, (this.#weightSum ??= zeroVariable([])), weight));
    return Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [
        name,
        tf.mul(accumulated(place, this.#sumOf(name, gradient), weighted(gradient, weight)), share),
      ]),
    );
  }

  dispose(): void {
    for (const sum of this.#sums.values()) sum.dispose();
    this.#weightSum?.dispose();
  }

  #sumOf(name: string, { shape }: tf.Tensor): tf.Variable {
    const found = this.#sums.get(name);
    if (found !== undefined) return found;
    const made = zeroVariable(shape);
    this.#sums.set(name, made);
    return made;
  }
}

const zeroVariable = (shape: number[]): tf.Variable => tf.variable(tf.zeros(shape), false);

const accumulated = (place: Place, sum: tf.Variable, value: tf.Tensor): tf.Tensor =>
  place === 'first' ? tf.clone(value) : tf.add(sum, value);

function weighted(gradient: tf.Tensor, weight: tf.Scalar | undefined): tf.Tensor {
  if (weight === undefined) return gradient;
  // The gradient of a mean over nothing is no number, and counts nothing.
  return tf.where(tf.greater(weight, 0), tf.mul(gradient, weight), tf.zerosLike(gradient));
}
