import * as tf from '@tensorflow/tfjs-core';
import { isTracing } from '../compile/active-trace.js';
import { sizeOf } from '../graph/value.js';
import { checkIsTensor, checkRandomKey, foldIn, type RandomKey, ShapeError, threefry2x32 } from '@selfsup/ssl-core';
import { runOwnKernel } from './run-own-kernel.js';

/** A random key as a tensor: int32 `[2]`, the two words of a {@link RandomKey}. */
export type TensorKey = tf.Tensor1D;

/** @throws ShapeError for a key of the host, with how it becomes a tensor */
function checkKey(where: string, key: TensorKey): void {
  const isHostKey = Array.isArray(key);
  checkIsTensor(
    where,
    'key',
    key,
    isHostKey ? 'int32 [2] (a RandomKey becomes one by tf.tensor1d(keyArray(key).data))' : 'int32 [2]',
  );
  if ((key as tf.Tensor).rank !== 1 || key.shape[0] !== 2)
    throw new ShapeError(where, 'key', 'int32 [2]', `${key.dtype} [${key.shape.join(', ')}]`);
}

const hostKey = (key: TensorKey): RandomKey => {
  const words = key.dataSync();
  return [words[0]! >>> 0, words[1]! >>> 0];
};

/** Words of the counters 0, 1, ...: first those of the first half of each pair, then those of the second. */
function hostWords(key: TensorKey, count: number): Uint32Array {
  const pairs = Math.ceil(count / 2);
  const words = new Uint32Array(2 * pairs);
  const host = hostKey(key);
  for (let i = 0; i < pairs; i++) [words[i], words[pairs + i]] = threefry2x32(host, 0, i);
  return words.subarray(0, count);
}

/**
 * A key as the host array that a compiled step takes.
 *
 * @throws InvalidOptionError for a key that is none
 */
export function keyArray(key: RandomKey): { data: Int32Array; shape: readonly [2] } {
  checkRandomKey('keyArray', 'key', key);
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
  checkKey('randomUniform', key);
  if (isTracing()) return runOwnKernel('SslRandomUniform', { key }, { shape: [...shape] });
  return tf.tensor(
    Float32Array.from(hostWords(key, sizeOf(shape)), (word) => (word >>> 8) * 2 ** -24),
    [...shape],
    'float32',
  );
}

/**
 * Random words from an explicit key: all 32 bits of an int32 are random; the same on every device, eager or compiled.
 *
 * @param key int32 `[2]`
 * @param shape shape of the result
 * @returns int32 of `shape`
 */
export function randomBits(key: TensorKey, shape: readonly number[]): tf.Tensor {
  checkKey('randomBits', key);
  if (isTracing()) return runOwnKernel('SslRandomBits', { key }, { shape: [...shape] });
  return tf.tensor(Int32Array.from(hostWords(key, sizeOf(shape))), [...shape], 'int32');
}

/**
 * Standard normal numbers from an explicit key, by Box and Muller's transform of {@link randomUniform}'s; devices differ
 * by the rounding of their logarithm and cosine.
 *
 * @param key int32 `[2]`
 * @param shape shape of the result
 * @returns float32 of `shape`
 * Source: Box and Muller 1958, "A note on the generation of random normal deviates".
 */
export function randomNormal(key: TensorKey, shape: readonly number[]): tf.Tensor {
  return tf.tidy(() => {
    const size = sizeOf(shape);
    const [radius, angle] = tf.split(randomUniform(key, [2 * size]), 2) as [tf.Tensor, tf.Tensor];
    const length = tf.sqrt(tf.mul(tf.log(tf.sub(1, radius)), -2));
    return tf.reshape(tf.mul(length, tf.cos(tf.mul(angle, 2 * Math.PI))), [...shape]);
  });
}

/**
 * A random order of `0 .. length - 1` from an explicit key: the places of {@link randomUniform}'s numbers, largest first.
 *
 * @param key int32 `[2]`
 * @returns int32 `[length]`
 */
export function randomPermutation(key: TensorKey, length: number): tf.Tensor1D {
  return tf.tidy(() => tf.topk(randomUniform(key, [length]) as tf.Tensor1D, length).indices);
}

/** Key derived from a tensor key and a static number, for one draw of several in a step. */
export function foldInKey(key: TensorKey, data: number): TensorKey {
  checkKey('foldInKey', key);
  if (isTracing()) return runOwnKernel('SslFoldIn', { key }, { data });
  const folded = foldIn(hostKey(key), data);
  return tf.tensor1d(Int32Array.of(folded[0] | 0, folded[1] | 0), 'int32');
}
