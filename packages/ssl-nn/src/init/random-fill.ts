import type { RandomKey } from '@selfsup/ssl-tensor/host';
import { sharedZeros } from './shapes-only.js';

/**
 * The first `count` words of a key's stream: the same words as `RandomStream.bits()` gives, drawn in bulk. The rounds of
 * Threefry are written out because a call with its arrays costs ten times as much as the rounds.
 *
 * @returns unsigned 32-bit words `[count]`
 */
export function randomWords(key: RandomKey, count: number): Uint32Array {
  const words = new Uint32Array(count + (count & 1));
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const k2 = k0 ^ k1 ^ 0x1bd11bda;
  for (let i = 0; i < words.length; i += 2) {
    let a = k0;
    let b = ((i >>> 1) + k1) | 0;
    for (let block = 0; block < 5; block++) {
      if ((block & 1) === 0) {
        a = (a + b) | 0;
        b = ((b << 13) | (b >>> 19)) ^ a;
        a = (a + b) | 0;
        b = ((b << 15) | (b >>> 17)) ^ a;
        a = (a + b) | 0;
        b = ((b << 26) | (b >>> 6)) ^ a;
        a = (a + b) | 0;
        b = ((b << 6) | (b >>> 26)) ^ a;
      } else {
        a = (a + b) | 0;
        b = ((b << 17) | (b >>> 15)) ^ a;
        a = (a + b) | 0;
        b = ((b << 29) | (b >>> 3)) ^ a;
        a = (a + b) | 0;
        b = ((b << 16) | (b >>> 16)) ^ a;
        a = (a + b) | 0;
        b = ((b << 24) | (b >>> 8)) ^ a;
      }
      // Keys rotate: block 0 adds k1 and k2, block 1 k2 and k0, block 2 k0 and k1, and so on.
      const first = block === 0 || block === 3 ? k1 : block === 2 ? k0 : k2;
      const second = block === 0 || block === 3 ? k2 : block === 2 ? k1 : k0;
      a = (a + first) | 0;
      b = (b + second + block + 1) | 0;
    }
    words[i] = a;
    words[i + 1] = b;
  }
  return words.subarray(0, count);
}

/** Uniform numbers in `[low, high)`, 24 bits each. */
export function fillUniform(key: RandomKey, count: number, low: number, high: number): Float32Array {
  const shared = sharedZeros(count);
  if (shared !== undefined) return shared;
  const words = randomWords(key, count);
  const values = new Float32Array(count);
  const step = (high - low) * 2 ** -24;
  for (let i = 0; i < count; i++) values[i] = low + step * (words[i]! >>> 8);
  return values;
}

/** Gaussian numbers by Box and Muller's transform. */
export function fillNormal(key: RandomKey, count: number, mean: number, standardDeviation: number): Float32Array {
  const shared = sharedZeros(count);
  if (shared !== undefined) return shared;
  const even = count + (count & 1);
  const words = randomWords(key, even);
  const values = new Float32Array(even);
  for (let i = 0; i < even; i += 2) {
    const radius = standardDeviation * Math.sqrt(-2 * Math.log((words[i]! + 1) * 2 ** -32));
    const angle = 2 * Math.PI * (words[i + 1]! * 2 ** -32);
    values[i] = mean + radius * Math.cos(angle);
    values[i + 1] = mean + radius * Math.sin(angle);
  }
  return values.subarray(0, count);
}
