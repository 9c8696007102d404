import * as tf from '@tensorflow/tfjs-core';
import { ndArray, type NdArray } from '@selfsup/ssl-core';

/** One number per image, `[batch]`. */
export function perImage<T>(drawn: readonly T[], value: (draw: T) => number): NdArray<Float32Array> {
  return ndArray(Float32Array.from(drawn, value), [drawn.length]);
}

/** One number per image, ready to meet `[batch, height, channels, width]`. */
export function spread(values: tf.Tensor): tf.Tensor4D {
  return tf.reshape(values, [values.size, 1, 1, 1]);
}
