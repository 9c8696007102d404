import { threefry2x32, type RandomKey } from 'ssl-tensor/host';

/**
 * The first `count` words of a key's stream: the same words as `RandomStream.bits()` gives, drawn in bulk.
 *
 * @returns unsigned 32-bit words `[count]`
 */
export function randomWords(key: RandomKey, count: number): Uint32Array {
  const words = new Uint32Array(count + (count & 1));
  for (let i = 0; i < words.length; i += 2) {
    const pair = threefry2x32(key, 0, i >>> 1);
    words[i] = pair[0];
    words[i + 1] = pair[1];
  }
  return words.subarray(0, count);
}

/** Uniform numbers in `[low, high)`, 24 bits each. */
export function fillUniform(key: RandomKey, count: number, low: number, high: number): Float32Array {
  const words = randomWords(key, count);
  const values = new Float32Array(count);
  const step = (high - low) * 2 ** -24;
  for (let i = 0; i < count; i++) values[i] = low + step * (words[i]! >>> 8);
  return values;
}

/** Gaussian numbers by Box and Muller's transform. */
export function fillNormal(key: RandomKey, count: number, mean: number, standardDeviation: number): Float32Array {
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
