import * as tf from '@tensorflow/tfjs-core';

import { foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';

/** How a weight starts: normal around `mean`. */
export interface Weight {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly deviation: number;
}

/** A small net in plain TF.js functions, trained eagerly and compiled, which must give the same numbers. */
export interface ParityNet {
  readonly name: string;
  /** Fresh variables by name; the same seed gives the same values. */
  variables(seed: number): Record<string, tf.Variable>;
  /** The loss of one batch, a scalar. Draws only from keys in the batch. */
  loss(batch: Readonly<Record<string, tf.Tensor>>, variables: Readonly<Record<string, tf.Variable>>): tf.Scalar;
  /** One batch as host arrays; the same seed gives the same batch. */
  batch(seed: number): Record<string, NdArray>;
}

interface Definition<W extends string, B extends string> {
  readonly name: string;
  readonly weights: Readonly<Record<W, Weight>>;
  readonly batch: (stream: RandomStream) => Record<B, NdArray>;
  readonly loss: (batch: Readonly<Record<B, tf.Tensor>>, weights: Readonly<Record<W, tf.Variable>>) => tf.Scalar;
}

/** Makes a net of its definition. */
export function parityNet<W extends string, B extends string>(definition: Definition<W, B>): ParityNet {
  const { name, weights, batch, loss } = definition;
  return {
    name,
    variables: (seed) => {
      const stream = new RandomStream(foldIn(randomKey(seed), `${name} weights`));
      return Object.fromEntries(
        Object.entries<Weight>(weights).map(([key, { shape, mean, deviation }]) => {
          const size = shape.reduce((product, length) => product * length, 1);
          const values = Float32Array.from({ length: size }, () => stream.normal(mean, deviation));
          return [key, tf.tidy(() => tf.variable(tf.tensor(values, [...shape])))];
        }),
      );
    },
    loss,
    batch: (seed) => batch(new RandomStream(foldIn(randomKey(seed), `${name} batch`))),
  };
}

/** Weights of a layer, `[..., in, out]`: deviation sqrt(gain / fan-in); 2 before ReLU. */
export function kernel(shape: readonly number[], gain = 1): Weight {
  const fanIn = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return { shape, mean: 0, deviation: Math.sqrt(gain / fanIn) };
}

/** Weights around 1, as the scales of a normalisation. */
export const gains = (size: number): Weight => ({ shape: [size], mean: 1, deviation: 0.1 });

/** Weights around 0. */
export const biases = (size: number): Weight => ({ shape: [size], mean: 0, deviation: 0.1 });

/** A batch's floats, standard normal. */
export function normals(stream: RandomStream, shape: readonly number[]): NdArray {
  const size = shape.reduce((product, length) => product * length, 1);
  return { data: Float32Array.from({ length: size }, () => stream.normal()), shape };
}

/** A batch's integers, uniform in `0 .. bound - 1`. */
export function integers(stream: RandomStream, shape: readonly number[], bound: number): NdArray {
  const size = shape.reduce((product, length) => product * length, 1);
  return { data: Int32Array.from({ length: size }, () => stream.integer(bound)), shape };
}

/** A random key as a batch carries it, int32 `[2]`. */
export function drawKey(stream: RandomStream): NdArray {
  return { data: Int32Array.of(stream.bits() | 0, stream.bits() | 0), shape: [2] };
}
