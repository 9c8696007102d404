import * as tf from '@tensorflow/tfjs-core';
import { isTracing } from '../compile/active-trace.js';
import { type RandomKey, foldIn } from '../random/random-key.js';
import { threefry2x32 } from '../random/threefry.js';

/** A random key as a tensor: int32 `[2]`, the two words of a {@link RandomKey}. */
export type TensorKey = tf.Tensor1D;

const hostKey = (key: TensorKey): RandomKey => {
  const words = key.dataSync();
  return [words[0]! >>> 0, words[1]! >>> 0];
};

/** A key as the host array that a compiled step takes. */
export function keyArray(key: RandomKey): { data: Int32Array; shape: readonly [2] } {
  return { data: Int32Array.of(key[0] | 0, key[1] | 0), shape: [2] };
}

/**
 * Uniform numbers in `[0, 1)` from an explicit key, 24 bits each; the same on every device, eager or compiled.
 *
 * @param key int32 `[2]`
 * @param shape shape of the result
 * @returns float32 of `shape`
 */
export function randomUniform(key: TensorKey, shape: readonly number[]): tf.Tensor {
  if (isTracing()) return tf.engine().runKernel('SslRandomUniform', { key }, { shape: [...shape] });
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const pairs = Math.ceil(size / 2);
  const words = hostKey(key);
  const values = new Float32Array(2 * pairs);
  for (let i = 0; i < pairs; i++) {
    const [a, b] = threefry2x32(words, 0, i);
    values[i] = (a >>> 8) * 2 ** -24;
    values[pairs + i] = (b >>> 8) * 2 ** -24;
  }
  return tf.tensor(values.subarray(0, size), [...shape], 'float32');
}

/** Key derived from a tensor key and a static number, for one draw of several in a step. */
export function foldInKey(key: TensorKey, data: number): TensorKey {
  if (isTracing()) return tf.engine().runKernel('SslFoldIn', { key }, { data });
  const folded = foldIn(hostKey(key), data);
  return tf.tensor1d(Int32Array.of(folded[0] | 0, folded[1] | 0), 'int32');
}
